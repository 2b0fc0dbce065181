import type { Command } from "commander";
import type { StatusFlags } from "../actions/status.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";
import type { ExitCode } from "../process/exit-code.ts";

/** `brigade status`: where the last jobs stand. */
export function addStatus(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = addCommand(program, "status")
    .argument("[source]", "only this one")
    .option("--watch", "again and again, until interrupted")
    .option("--wait", "until the job is closed; the exit code shows how it ended")
    .option("--directories", "the accounts of every directory of the last job");
  addLedgerOptions(command)
    .option("--json", "for machines: one JSON document (with --watch and --directories: one per line)")
    .action(async (source: string | undefined, flags: StatusFlags) => {
      const { status } = await import("../actions/status.ts");
      done(await status(source, flags, signal));
    });
}
