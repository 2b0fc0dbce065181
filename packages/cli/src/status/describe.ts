import type { NewerMessages } from "@brigade/core";
import type { JobStatus, Location, SourceStatus, Status, UnreadableJob, VolumeStatus } from "@brigade/ledger";
import { describeLimits } from "../control/limits/describe-limit.ts";
import { describeAbsent } from "../job/absent-volumes.ts";
import { describeHoles } from "../job/holes.ts";
import { describeDepths, describeMissing } from "../job/queue-depths.ts";
import { type Cell, formatTable, right } from "../terminal/table.ts";
import {
  ago,
  describeFetching,
  describeListing,
  formatBytes,
  formatCount,
  formatDuration,
  span,
} from "../terminal/units.ts";
import { describeForecast } from "./forecast.ts";
import type { JobFindings } from "./look.ts";
import { describeOrders } from "./orders.ts";

/** Returns where everything stands, in lines for people. `findings`: by job. */
export function describeStatus(status: Status, findings: ReadonlyMap<string, JobFindings>): string[] {
  const sections = [
    status.brokerTrouble === undefined ? [] : [`broker  ${status.brokerTrouble}`],
    describeOrders(status),
    describeLimits(status.standing),
    ...status.sources.map((source) => describeSource(source, status.at, findings)),
    [...describeVolumes(status), ...roomOf(status)],
    describeServices(status),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
}

function describeSource(
  { source, job, unreadable, queues, lost, newer }: SourceStatus,
  now: number,
  findings: ReadonlyMap<string, JobFindings>,
): string[] {
  if (unreadable !== undefined) return [describeUnreadable(source, unreadable)];
  if (job === undefined) return [`${source}  no job yet: \`brigade start ${source}\``];
  const { proof, lost: lostForGood = [], absent = [] } = findings.get(job.id) ?? {};
  const waiting = queues && describeDepths(queues);
  const lines = [
    ...(job.state === "open" ? speed(job) : []),
    ...(waiting === undefined ? [] : [`waiting in queues: ${waiting}`]),
    ...(job.state === "open" ? job.working.slice(0, 3).map(({ directory }) => `in work: ${directory}/`) : []),
    ...(newer ?? []).map(describeNewer),
    ...(lost === undefined ? [] : [describeLost(source, lost)]),
    ...(proof === undefined ? [] : describeHoles(proof)),
    ...(lostForGood.length === 0 ? [] : [describeLostForGood(lostForGood)]),
    ...absent.map(describeAbsent),
  ];
  return [`${source}  ${headline(job, now)}`, ...counts(job), ...lines.map((line) => `  ${line}`)];
}

function describeUnreadable(source: string, { job, state, reason }: UnreadableJob): string {
  const remedy = state === "open" ? `; \`brigade cancel ${source}\` closes it` : "";
  return `${source}  the job ${job} cannot be read and is set apart (${reason})${remedy}`;
}

const readers = {
  directories: "listers",
  files: "downloaders",
  retry: "downloaders",
  records: "ledger",
} as const;

function describeNewer({ queue, needs, messages }: NewerMessages): string {
  const what = `${formatCount(messages)} ${messages === 1 ? "message" : "messages"} of the queue "${queue}"`;
  return `${what} wait: a newer brigade is needed (${needs}); upgrade the ${readers[queue]}`;
}

function describeLost(source: string, { missing }: NonNullable<SourceStatus["lost"]>): string {
  const what = "the broker has lost this job's messages";
  if (missing.length === 0)
    return `${what}: nothing is queued and no service holds anything; \`brigade retry ${source}\` lists again what is missing`;
  const remedy = `\`brigade cancel ${source}\` ends the job, \`brigade start ${source} --again\` goes on with it (what is stored is not fetched again)`;
  return `${what}: ${describeMissing(missing)}; ${remedy}`;
}

function describeLostForGood(lost: readonly Location[]): string {
  const what = `${formatCount(lost.length)} ${lost.length === 1 ? "object" : "objects"}`;
  return `lost for good: ${what}, such as "${lost[0]?.key ?? ""}" (gone at the source, and damaged or gone on disk; \`brigade audit\` names all)`;
}

function headline(job: JobStatus, now: number): string {
  const took = formatDuration(((job.closedAt ?? now) - job.startedAt) / 1000);
  if (job.state !== "open")
    return `${job.state}  job ${job.id}, took ${took}, ended ${ago(now - (job.closedAt ?? now))}`;
  const idle = job.idle === undefined ? "open" : `idle since ${span(now - job.idle.since)}`;
  return `${idle}  job ${job.id}, for ${took}`;
}

function counts({ progress }: JobStatus): string[] {
  const { listed, directories } = progress;
  const rows = (["listed", "stored", "unchanged", "vanished", "failed"] as const)
    .filter((name) => name === "listed" || progress[name].objects > 0)
    .map((name): Cell[] => [
      name,
      right(formatCount(progress[name].objects)),
      right(formatBytes(progress[name].bytes)),
      name === "listed" ? listing(directories) : share(progress[name].objects, listed.objects),
    ]);
  const accounted =
    progress.stored.objects +
    progress.unchanged.objects +
    progress.vanished.objects +
    progress.failed.objects;
  const open = listed.objects - accounted;
  const rest: Cell[][] =
    open > 0 ? [["to do", right(formatCount(open)), right(""), share(open, listed.objects)]] : [];
  return formatTable([...rows, ...rest], "  ");
}

function listing({ known, done, failed }: JobStatus["progress"]["directories"]): string {
  const left = known - done - failed;
  const broken = failed > 0 ? `, ${formatCount(failed)} could not be listed` : "";
  return `in ${formatCount(known)} directories${left > 0 ? `, ${formatCount(left)} still to be listed` : ""}${broken}`;
}

function share(part: number, whole: number): string {
  return whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)} %`;
}

function speed({ rate, etaSeconds, progress }: JobStatus): string[] {
  const left =
    etaSeconds !== undefined
      ? `about ${formatDuration(etaSeconds)} left`
      : progress.listingFinished
        ? "the end is not known"
        : "still listing";
  return [`${formatCount(Math.round(rate.objects))} files/s  ${formatBytes(rate.bytes)}/s  ${left}`];
}

function describeVolumes({ volumes, at }: Status): string[] {
  if (volumes.length === 0) return [];
  const head: Cell[] = ["host", "volume", right("objects"), right("bytes"), right("free"), "last seen", ""];
  const rows = volumes.map((one): Cell[] => [
    one.host,
    one.label ?? one.volume,
    right(formatCount(one.objects)),
    right(formatBytes(one.bytes)),
    right(one.free === undefined ? "?" : formatBytes(one.free)),
    ago(at - one.seenAt),
    describeStanding(one, at),
  ]);
  return formatTable([head, ...rows]);
}

/** Returns "" of a volume that is well. */
function describeStanding({ standing }: VolumeStatus, now: number): string {
  if (standing === undefined || standing.state === "ok") return "";
  const { state, since, reason } = standing;
  return `${state} since ${span(now - since)}${reason === undefined ? "" : `: ${reason}`}`;
}

function roomOf({ forecast }: Status): string[] {
  const words = forecast && describeForecast(forecast);
  return words === undefined ? [] : [`room  ${words}`];
}

function describeServices({ services, at }: Status): string[] {
  if (services.length === 0) return [];
  const rows = services.map(({ service, instance, sources, seenAt, silentSince }): Cell[] => {
    const pauses = sources.flatMap(({ name, pauses: why }) =>
      why.map((reason) => `${name} paused: ${reason}`),
    );
    const silent = silentSince === undefined ? [] : [`silent since ${span(at - silentSince)}`];
    const fetching = sources.flatMap(({ name, fetching }) =>
      fetching === undefined ? [] : [`${name}: ${describeFetching(fetching)}`],
    );
    const listing = sources.flatMap(({ name, listing }) =>
      listing === undefined ? [] : [`${name}: ${describeListing(listing)}`],
    );
    const how = [...silent, ...pauses, ...listing, ...fetching].join("; ") || "at work";
    return [service, instance, ago(at - seenAt), how];
  });
  return formatTable([["service", "name", "last seen", ""], ...rows]);
}
