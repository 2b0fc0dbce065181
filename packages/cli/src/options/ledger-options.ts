import type { Command } from "commander";

export interface LedgerFlags {
  readonly stateDir?: string;
}

/** For commands that ask the ledger. */
export function addLedgerOptions(command: Command): Command {
  return command.option(
    "--state-dir <folder>",
    "ask the accounts of a `copy`: its STATE_DIR, or its first volume; by default the ledger at LEDGER_URL",
  );
}
