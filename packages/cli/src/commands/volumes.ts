import type { VolumeContents } from "@brigade/ledger";
import type { Command } from "commander";
import { openLedger } from "../ledger/door.ts";
import { addLedgerOptions, type LedgerFlags } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";
import { readEnvironment } from "../settings/environment.ts";
import { type Cell, formatTable, right } from "../terminal/table.ts";
import { print, printJson } from "../terminal/terminal.ts";
import { ago, formatBytes, formatCount } from "../terminal/units.ts";

/** `brigade volumes`: every disk that the ledger knows, and what is on it. */
export function addVolumes(program: Command, signal: AbortSignal): void {
  const command = addCommand(program, "volumes");
  addLedgerOptions(command)
    .option("--json", "one JSON document on stdout")
    .action(async (flags: LedgerFlags & { readonly json?: true }) => {
      await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
      const volumes = await door.ledger.volumes();
      await (flags.json === true ? printJson(volumes) : print(...volumesTable(volumes, Date.now())));
    });
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
