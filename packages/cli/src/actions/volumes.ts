import type { VolumeContents } from "@brigade/ledger";
import { openLedger } from "../ledger/door.ts";
import type { LedgerFlags } from "../options/ledger-options.ts";
import { readEnvironment } from "../settings/environment.ts";
import { type Cell, formatTable, right } from "../terminal/table.ts";
import { print, printJson } from "../terminal/terminal.ts";
import { ago, formatBytes, formatCount } from "../terminal/units.ts";

export interface VolumesFlags extends LedgerFlags {
  readonly json?: true;
}

export async function volumes(flags: VolumesFlags, signal: AbortSignal): Promise<void> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
  const found = await door.ledger.volumes();
  await (flags.json === true ? printJson(found) : print(...volumesTable(found, Date.now())));
}

function volumesTable(volumes: readonly VolumeContents[], now: number): string[] {
  if (volumes.length === 0) return ["the ledger has no volumes yet"];
  const head: Cell[] = [
    "host",
    "label",
    right("objects"),
    right("bytes"),
    right("free"),
    "last seen",
    "id",
    "sources",
  ];
  const rows = volumes.map(({ host, label, objects, bytes, free, seenAt, volume, sources }): Cell[] => [
    host,
    label ?? "?",
    right(formatCount(objects)),
    right(formatBytes(bytes)),
    right(free === undefined ? "?" : formatBytes(free)),
    ago(now - seenAt),
    volume,
    sources.map((one) => one.source).join(" "),
  ]);
  return formatTable([head, ...rows]);
}
