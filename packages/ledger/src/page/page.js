// @ts-check
import { byId } from "./element.js";
import { formatBytes, formatDuration, formatRate, formatTime } from "./figures.js";
import { hostsOf } from "./fleet.js";
import { follow } from "./ledger.js";
import { isTokenAsked, logIn, logOut, takeFromAddress } from "./session.js";
import { SourceCard } from "./source.js";

/** @import { Status } from "../wire/status.ts" */

const connection = byId("connection", HTMLParagraphElement);
const main = byId("status", HTMLElement);
const leave = byId("leave", HTMLButtonElement);
/** @type {Map<string, SourceCard>} */
const cards = new Map();
/** The ledger answers no more, since when and why. @type {{ since: number, reason: string } | undefined} */
let trouble;
/** @type {Status | undefined} */
let latest;
let isSessionKnown = false;

/** @param {Status} status */
function show(status) {
  latest = status;
  void offerToLeave();
  main.hidden = false;
  showSources(status);
  const hosts = hostsOf(status);
  byId("hosts", HTMLDivElement).replaceChildren(...hosts);
  byId("fleet", HTMLElement).hidden = hosts.length === 0;
  showConnection();
}

/** Where there is a token, there is a session to leave. */
async function offerToLeave() {
  if (isSessionKnown) return;
  isSessionKnown = true;
  try {
    leave.hidden = !(await isTokenAsked());
  } catch {
    isSessionKnown = false; // asked again with the next status
  }
}

/** @param {Status} status */
function showSources({ sources, services, at }) {
  for (const source of sources) {
    let card = cards.get(source.source);
    if (card === undefined) {
      card = new SourceCard(source.source);
      cards.set(source.source, card);
      byId("sources", HTMLDivElement).append(card.root);
    }
    card.update(source, services, at);
  }
}

function showConnection() {
  document.body.classList.toggle("away", trouble !== undefined);
  if (trouble !== undefined) {
    const since = `${formatTime(trouble.since)} (${formatDuration((Date.now() - trouble.since) / 1_000)})`;
    connection.textContent = `no answer since ${since}: ${trouble.reason}`;
    document.title = "no answer – bucket-brigade";
    return;
  }
  const open = (latest?.sources ?? []).flatMap(({ job }) => (job?.state === "open" ? [job.rate] : []));
  const objects = open.reduce((sum, rate) => sum + rate.objects, 0);
  const bytes = open.reduce((sum, rate) => sum + rate.bytes, 0);
  const rate = `${formatRate(objects)} files/s, ${formatBytes(bytes)}/s`;
  connection.textContent = open.length === 0 ? "no job is open" : rate;
  document.title = open.length === 0 ? "bucket-brigade" : `${formatRate(objects)} files/s – bucket-brigade`;
}

/** @param {string | undefined} reason */
function setTrouble(reason) {
  const wasAway = trouble !== undefined;
  trouble = reason === undefined ? undefined : { since: trouble?.since ?? Date.now(), reason };
  if (wasAway && trouble === undefined) for (const card of cards.values()) void card.refetch();
  showConnection();
}

leave.addEventListener("click", () => void logOut());
addEventListener("hashchange", () => location.reload());
setInterval(showConnection, 1_000);

await takeFromAddress();
for (;;) {
  await follow(show, setTrouble);
  main.hidden = true;
  connection.textContent = "";
  await logIn();
}
