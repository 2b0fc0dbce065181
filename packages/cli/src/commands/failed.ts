import { type Command, Option } from "commander";
import type { FailedFlags } from "../actions/failed.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";

/** `brigade failed`: the objects of a source's last job that failed. */
export function addFailed(program: Command, signal: AbortSignal): void {
  const command = addCommand(program, "failed")
    .argument("[source]", "a source's name; not needed if there is only one")
    .option("--class <class>", "only failures of this class")
    .option("--under <prefix>", "only keys that begin so")
    .addOption(
      new Option("--by <what>", "only the numbers, by class or by directory").choices(["class", "directory"]),
    );
  addLedgerOptions(command)
    .option("--json", "one JSON document per line on stdout, for all objects")
    .action(async (source: string | undefined, flags: FailedFlags) => {
      const { failed } = await import("../actions/failed.ts");
      await failed(source, flags, signal);
    });
}
