import type { Command } from "commander";
import type { AdoptFlags } from "../actions/adopt.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";
import type { ExitCode } from "../process/exit-code.ts";

/** `brigade adopt`: takes in a tree that another tool left. */
export function addAdopt(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = addCommand(program, "adopt")
    .argument("<source>", "the name of a configured source, or its URL with the prefix that the tree is of")
    .argument("<folder>", "the tree, on the same disk as the volume")
    .option("--volume <root>", "the volume; by default the one that the folder is in")
    .option("--check-md5", "compare the store's MD5s (one request per object), not only sizes");
  addLedgerOptions(command)
    .option("--json", "the result as one JSON document on stdout")
    .action(async (source: string, folder: string, flags: AdoptFlags) => {
      const { runAdopt } = await import("../actions/adopt.ts");
      done(await runAdopt(source, folder, flags, signal));
    });
}
