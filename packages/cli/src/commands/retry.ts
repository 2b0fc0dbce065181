import type { Command } from "commander";
import type { RetryFlags } from "../actions/retry.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";

/** `brigade retry`: failed objects, and what a job has holes of, are put back to work. */
export function addRetry(program: Command, signal: AbortSignal): void {
  const command = addCommand(program, "retry")
    .argument("[source]", "a source's name; not needed if there is only one")
    .option("--class <class>", "only failures of this class, as `failed` shows them")
    .option("--under <prefix>", "only keys that begin so");
  addLedgerOptions(command)
    .option("--json", "one JSON document on stdout")
    .action(async (source: string | undefined, flags: RetryFlags) => {
      const { retry } = await import("../actions/retry.ts");
      await retry(source, flags, signal);
    });
}
