import type { Command } from "commander";
import type { VolumesFlags } from "../actions/volumes.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";

/** `brigade volumes`: every disk that the ledger knows, and what is on it. */
export function addVolumes(program: Command, signal: AbortSignal): void {
  const command = addCommand(program, "volumes");
  addLedgerOptions(command)
    .option("--json", "one JSON document on stdout")
    .action(async (flags: VolumesFlags) => {
      const { volumes } = await import("../actions/volumes.ts");
      await volumes(flags, signal);
    });
}
