import { ConfigError, type Log } from "@brigade/core";
import { type Names, namesSchema, tryVolumes } from "@brigade/volumes";
import { openLedger } from "../../ledger/door.ts";
import { findVolume, forgetVolume } from "../../ledger/forget-volume.ts";
import { createLog } from "../../logging/logging.ts";
import type { LedgerFlags } from "../../options/ledger-options.ts";
import { readOption } from "../../options/read-option.ts";
import { readEnvironment } from "../../settings/environment.ts";
import { print, printJson } from "../../terminal/terminal.ts";
import { formatBytes, formatCount } from "../../terminal/units.ts";
import { initRemedy, judgeFolders } from "../../volumes/earlier-volumes.ts";
import { inspectVolume, type VolumeInspection } from "../../volumes/inspection.ts";
import { namedFolder } from "../../volumes/named-folder.ts";
import { someFolders } from "../../volumes/named-folders.ts";
import { VolumeMemory } from "../../volumes/volume-memory.ts";

export interface InitFlags {
  readonly label?: string;
  readonly names?: string;
  readonly newVolume?: true;
}

export async function init(folders: string[], { label, names, newVolume }: InitFlags): Promise<void> {
  const asked = readOption("--names", namesSchema, names);
  if (label !== undefined && folders.length > 1) throw new ConfigError(["--label: is for one folder"]);
  const log = createLog("warn");
  for (const root of folders.map(namedFolder)) {
    const before = await inspectVolume(root);
    if (before === undefined) await make(root, { label, names: asked }, newVolume === true, log);
    else if (asked !== undefined && asked !== before.names) throw otherNames(root, before.names);
    const { id, label: found } = await inspect(root);
    const what = before === undefined ? "is a volume now" : "was a volume already";
    await print(`${root} ${what}: ${id} "${found}"`);
  }
}

function otherNames(root: string, names: Names): ConfigError {
  return new ConfigError([`${root} is a volume with ${names} names already: they cannot be changed`]);
}

async function make(
  root: string,
  { label, names }: { readonly label: string | undefined; readonly names: Names | undefined },
  newVolume: boolean,
  log: Log,
): Promise<void> {
  const memory = new VolumeMemory(readEnvironment({}, process.env));
  const instance = crypto.randomUUID().slice(0, 8);
  const options = {
    root,
    init: true,
    instance,
    durability: "group",
    names,
    ...(label && { label }),
  } as const;
  await using tried = await tryVolumes([options], log, {
    leavesOut: [],
    judge: (found) => judgeFolders(found, { inAccounts: {}, memory }, { newVolume, remedy: initRemedy }, log),
  });
  const volumes = await tried.open();
  memory.keep(tried.found, volumes);
  for (const volume of volumes) await volume[Symbol.asyncDispose]();
}

export interface ListFlags {
  readonly json?: true;
}

export interface ForgetFlags extends LedgerFlags {
  readonly json?: true;
}

export async function forget(name: string, flags: ForgetFlags, signal: AbortSignal): Promise<void> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
  const volume = findVolume(await door.ledger.volumes(), name);
  const forgotten = await forgetVolume(door.ledger, volume, signal);
  const told = `${formatCount(forgotten)} objects on ${volume.label ?? volume.volume} are forgotten`;
  await (flags.json === true ? printJson({ volume: volume.volume, forgotten }) : print(told));
}

export async function list(folders: string[], { json }: ListFlags): Promise<void> {
  const roots = someFolders(folders, readEnvironment({}, process.env));
  const found = await Promise.allSettled(roots.map(inspect));
  const volumes = found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  await (json ? printJson(volumes) : print(...volumes.map(line)));
  const problems = found.flatMap((one) => {
    if (one.status === "fulfilled") return [];
    if (one.reason instanceof ConfigError) return one.reason.problems;
    throw one.reason;
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

async function inspect(root: string): Promise<VolumeInspection> {
  const found = await inspectVolume(root);
  if (found !== undefined) return found;
  throw new ConfigError([`${root} is not a volume (or its disk is not mounted)`]);
}

function line({ root, id, label, names, free, sources }: VolumeInspection): string {
  const held = sources.map(({ name }) => name).join(" ") || "nothing yet";
  const room = free === undefined ? "unknown" : formatBytes(free);
  return `${root}  ${id}  "${label}"  ${room} free  ${held}${names === "portable" ? "  portable names" : ""}`;
}
