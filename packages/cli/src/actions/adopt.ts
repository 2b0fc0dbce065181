import { existsSync } from "node:fs";
import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigError, type Log } from "@brigade/core";
import { ListedNames } from "@brigade/ledger";
import { parseSource, withRetry } from "@brigade/sources";
import { type LocalVolume, openVolume, volumeVariables } from "@brigade/volumes";
import { preflight } from "../job/preflight.ts";
import { openLedger } from "../ledger/door.ts";
import { type AdoptTotals, adopt } from "../listing/adopt.ts";
import { createLog } from "../logging/logging.ts";
import type { LedgerFlags } from "../options/ledger-options.ts";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { readEnvironment, readVariables } from "../settings/environment.ts";
import { settingsSchema } from "../settings/settings.ts";
import { print, printJson } from "../terminal/terminal.ts";
import { formatBytes, formatCount } from "../terminal/units.ts";
import { namedFolder } from "../volumes/named-folder.ts";

export interface AdoptFlags extends LedgerFlags {
  readonly volume?: string;
  readonly checkMd5?: true;
  readonly json?: true;
}

export async function runAdopt(
  argument: string,
  folder: string,
  flags: AdoptFlags,
  signal: AbortSignal,
): Promise<ExitCode> {
  const environment = readEnvironment({}, process.env);
  const settings = readVariables(settingsSchema.extend(volumeVariables.shape), environment);
  const reference = parseSource(argument, environment);
  const tree = await realpath(namedFolder(folder)).catch((cause: unknown) => {
    throw new ConfigError([`${folder} is not a folder`], { cause });
  });
  const root = flags.volume === undefined ? volumeAround(tree) : namedFolder(flags.volume);
  const log = createLog(settings.LOG_LEVEL, { isLong: true });
  await using resources = new AsyncDisposableStack();
  const configured = resources.use(reference.create(environment, reference.name));
  if (configured.variant !== undefined) throw sizesUnknown(configured.variant);
  const source = withRetry(configured);
  const door = resources.use(await openLedger(flags, environment, signal, { create: true }));
  await preflight(source, reference.prefix, signal);
  const volume = resources.use(await open(root, settings.DURABILITY, log));
  await volume.bind(reference.name, source.fingerprint);
  const scratch = await mkdtemp(join(tmpdir(), "brigade-adopt-"));
  resources.defer(() => rm(scratch, { recursive: true, force: true }));
  const totals = await adopt(
    {
      source,
      name: reference.name,
      filters: {},
      names: resources.use(new ListedNames(join(scratch, "names.sqlite"))),
      signal,
      folder: tree,
      volume,
      host: hostname(),
      ledger: door.ledger,
      checkMd5: flags.checkMd5 === true,
      onDifferent: (key) =>
        log.warn({ key }, "the file differs from the bucket's object: it stays where it is"),
      onProgress: progressOn(log),
    },
    { prefix: reference.prefix, concurrency: settings.LIST_CONCURRENCY },
  );
  await (flags.json === true
    ? printJson({ volume: volume.id, root: volume.root, ...totals })
    : print(...summary(volume, totals)));
  if (flags.json !== true && (await hasFiles(tree)) && tree !== join(volume.root, reference.name)) {
    await print(`  what is left in ${tree} is not in the bucket, or differs from it`);
  }
  return totals.different === 0 ? exitCode.complete : exitCode.incomplete;
}

/** Returns the root of the volume around the folder. Throws ConfigError if there is none. */
function volumeAround(folder: string): string {
  for (let root = folder; ; root = dirname(root)) {
    if (existsSync(join(root, ".brigade", "volume.json"))) return root;
    if (root === dirname(root)) break;
  }
  throw new ConfigError([
    `${folder} is in no volume: make the root of its disk one (\`brigade volume init <root>\`), or name one on the same disk with --volume`,
  ]);
}

async function open(root: string, durability: "group" | "file" | "none", log: Log): Promise<LocalVolume> {
  const instance = `adopt-${crypto.randomUUID().slice(0, 8)}`;
  return await openVolume(root, { init: false, instance, durability, log, host: hostname() });
}

function sizesUnknown(variant: string): ConfigError {
  return new ConfigError([
    `the source brings version "${variant}", whose sizes are in no listing: a tree cannot be compared with it`,
  ]);
}

/** Milliseconds between two lines of progress. */
const tellEvery = 10_000;

function progressOn(log: Log): (totals: Readonly<AdoptTotals>) => void {
  let last = performance.now();
  return (totals) => {
    if (performance.now() - last < tellEvery) return;
    last = performance.now();
    log.info({ ...totals }, "adopting");
  };
}

function summary({ label, root }: LocalVolume, totals: AdoptTotals): string[] {
  const { listed, adopted, bytes, known, different, missing } = totals;
  const lines = [
    `${formatCount(adopted)} files (${formatBytes(bytes)}) adopted into ${root} "${label}"`,
    ...(known > 0 ? [`${formatCount(known)} were stored before`] : []),
    ...(different > 0
      ? [`${formatCount(different)} differ from the bucket's objects and stay where they are`]
      : []),
    `${formatCount(missing)} of ${formatCount(listed)} objects of the bucket are still to be fetched`,
  ];
  return lines.map((line, index) => `${index === 0 ? "" : "  "}${line}`);
}

async function hasFiles(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.some((entry) => !entry.isDirectory())) return true;
  for (const { name } of entries) if (await hasFiles(join(folder, name))) return true;
  return false;
}
