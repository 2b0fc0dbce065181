import type { GoneOn, GoOn, JobRecord, Queues, Status } from "@brigade/ledger";
import { describeDepths } from "../../job/queue-depths.ts";
import { formatCount } from "../../terminal/units.ts";

type Waits = Extract<GoneOn, { readonly waits: string }>;

/** Milliseconds without a record after which every service has said what it holds. */
const restMs = 20_000;
/** Milliseconds: longer than any message is in a wait queue. What then has not come is lost. */
const longestWaitMs = 660_000;

/**
 * Returns why a job whose messages may be lost cannot go on yet; `undefined` if it can. `wentOnAt`:
 * when it went on last, Unix milliseconds; `-Infinity` if it never did.
 */
export function stillUnderWay(
  status: Status,
  { id, source, state }: Pick<JobRecord, "id" | "source" | "state">,
  { brokerIsNew }: GoOn,
  wentOnAt: number,
): Waits | undefined {
  if (state !== "open") return undefined;
  const { brokerTrouble } = status;
  if (brokerTrouble !== undefined) return soon(brokerTrouble);
  const { job, queues } = status.sources.find((one) => one.source === source) ?? {};
  if (job?.id !== id || queues === undefined) return soon("the ledger has not seen the queues yet");
  const queued = describeDepths(workOf(queues));
  if (queued !== undefined) return busy(`messages wait in queues: ${queued}`);
  const { held, waiting } = inHand(status, source);
  // A service that has lost its connection may still finish what it had in hand.
  const isHeld = brokerIsNew ? soon : busy;
  if (held > 0) return isHeld(`services have ${messages(held)} in hand`);
  const restedMs = job.idle === undefined ? 0 : status.at - Math.max(job.idle.since, wentOnAt);
  if (restedMs < restMs) return soon("services may still report what they had in hand");
  if (!brokerIsNew && waiting > 0 && restedMs < longestWaitMs)
    return busy(`services have ${messages(waiting)} that wait to be tried again`);
  return undefined;
}

function workOf({ dead: _, ...work }: Queues): Partial<Queues> {
  return work;
}

/**
 * Messages in the hands of services that are heard, and those that all have put into wait queues.
 */
function inHand({ services }: Status, source: string): { held: number; waiting: number } {
  const said = services.flatMap(({ sources, silentSince }) =>
    sources
      .filter(({ name }) => name === source)
      .map((one) => ({ ...one, isHeard: silentSince === undefined })),
  );
  return {
    held: said.reduce((sum, { holding, isHeard }) => sum + (isHeard ? (holding?.deliveries ?? 0) : 0), 0),
    waiting: said.reduce((sum, { waiting }) => sum + (waiting?.messages ?? 0), 0),
  };
}

function messages(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "message" : "messages"}`;
}

function busy(reason: string): Waits {
  return { waits: "busy", reason };
}

function soon(reason: string): Waits {
  return { waits: "soon", reason };
}
