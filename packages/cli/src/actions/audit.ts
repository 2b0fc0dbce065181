import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, type Filters } from "@brigade/core";
import { ListedNames } from "@brigade/ledger";
import { type ConfiguredSource, parseSource, withRetry } from "@brigade/sources";
import { absentVolumes, describeAbsent, hasLost } from "../job/absent-volumes.ts";
import { preflight } from "../job/preflight.ts";
import { type LedgerDoor, openLedger } from "../ledger/door.ts";
import { type AuditDifference, type AuditTotals, audit } from "../listing/audit.ts";
import { createLog } from "../logging/logging.ts";
import type { LedgerFlags } from "../options/ledger-options.ts";
import { type AllowPrivateFlags, allowPrivate } from "../options/source-options.ts";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { readEnvironment, readVariables } from "../settings/environment.ts";
import { settingsSchema } from "../settings/settings.ts";
import { print, printJson } from "../terminal/terminal.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";

export interface AuditFlags extends LedgerFlags, AllowPrivateFlags {
  readonly json?: true;
}

export async function runAudit(argument: string, flags: AuditFlags, signal: AbortSignal): Promise<ExitCode> {
  const environment = readEnvironment({ ALLOW_PRIVATE: allowPrivate(flags) }, process.env);
  const settings = readVariables(settingsSchema, environment);
  const reference = parseSource(argument, environment);
  await using resources = new AsyncDisposableStack();
  const configured = resources.use(reference.create(environment, reference.name));
  const door = resources.use(await openLedger(flags, environment, signal));
  const { prefix, filters } = await scope(door, reference.name, reference.prefix, configured);
  const source = withRetry(configured);
  await preflight(source, prefix, signal);
  const folder = await mkdtemp(join(tmpdir(), "brigade-audit-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const names = resources.use(new ListedNames(join(folder, "names.sqlite")));
  const labels = new Map((await door.ledger.volumes()).map(({ volume, label }) => [volume, label]));
  const tell = lineWith(labels);
  const totals = await audit(
    {
      source,
      name: reference.name,
      filters,
      ledger: door.ledger,
      names,
      log: createLog(settings.LOG_LEVEL, { isLong: true }),
      signal,
      onDifference: (one) => (flags.json === true ? printJson(one) : print(tell(one))),
    },
    { prefix, concurrency: settings.LIST_CONCURRENCY },
  );
  const { sources, volumes } = await door.ledger.status();
  const last = sources.find((one) => one.source === reference.name)?.job ?? noRun;
  const absent = absentVolumes(volumes, reference.name, last);
  if (flags.json !== true) await print(summary(reference.name, totals));
  for (const one of absent)
    await (flags.json === true ? printJson({ kind: "absent", ...one }) : print(describeAbsent(one)));
  const differences = totals.new + totals.changed + totals.gone + totals.lost;
  return differences === 0 && !hasLost(absent) ? exitCode.complete : exitCode.incomplete;
}

/**
 * Returns what the last job was about; without a job, all below `prefix`. Throws ConfigError if
 * that was another bucket, domain or version.
 */
async function scope(
  { ledger }: LedgerDoor,
  name: string,
  prefix: string,
  source: ConfiguredSource,
): Promise<{ prefix: string; filters: Filters }> {
  const last = (await ledger.jobs()).findLast((job) => job.source === name && job.state !== "cancelled");
  if (last === undefined) return { prefix, filters: {} };
  if (last.fingerprint === source.fingerprint) return { prefix: last.prefix, filters: last.filters };
  throw new ConfigError([
    `the last job of "${name}" was started with another bucket, domain or version than is configured here`,
  ]);
}

/** For a source without a job: every lost disk counts. */
const noRun = { startedAt: 0, progress: { volumes: [] } };

function lineWith(labels: ReadonlyMap<string, string | undefined>) {
  return ({ kind, key, size, volume }: AuditDifference): string => {
    const where = kind === "lost" ? "lost for good: it was on" : "kept on";
    const kept = volume === undefined ? "" : `  ${where} ${labels.get(volume) ?? volume}`;
    return `${kind.padEnd(8)} ${key}  ${formatBytes(size)}${kept}`;
  };
}

function summary(name: string, totals: AuditTotals): string {
  const listed = `${formatCount(totals.listed)} objects in ${formatCount(totals.directories)} directories`;
  if (totals.new + totals.changed + totals.gone + totals.lost === 0) {
    return `${name}: ${listed}, all stored as they are`;
  }
  const differences = (["new", "changed", "gone", "lost"] as const)
    .filter((kind) => totals[kind] > 0)
    .map((kind) => `${formatCount(totals[kind])} ${kind}`);
  return `${name}: ${listed}: ${differences.join(", ")}. \`start\` or \`copy\` brings what is new or changed; nothing is deleted`;
}
