import type { Command } from "commander";
import type { WhereFlags } from "../actions/where.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";
import type { ExitCode } from "../process/exit-code.ts";

/** `brigade where`: on which host and volume an object lies. */
export function addWhere(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = addCommand(program, "where")
    .argument("<key>", "an object's key; or how keys begin, for all of them")
    .option("--source <name>", "only of this source");
  addLedgerOptions(command)
    .option("--json", "one JSON document per line on stdout")
    .action(async (key: string, flags: WhereFlags) => {
      const { where } = await import("../actions/where.ts");
      done(await where(key, flags, signal));
    });
}
