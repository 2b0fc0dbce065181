import { hostname } from "node:os";
import type { Command } from "commander";
import type { BackupFlags, RebuildFlags } from "../../actions/fleet/ledger.ts";
import { addLedgerOptions } from "../../options/ledger-options.ts";
import type { ExitCode } from "../../process/exit-code.ts";

/** `brigade ledger rebuild | backup`, below the service's command. */
export function addLedgerCommands(
  ledger: Command,
  done: (code: ExitCode) => void,
  signal: AbortSignal,
): void {
  const rebuildCommand = ledger
    .command("rebuild")
    .description(
      "enter what the volumes' manifests have into the accounts: a lost catalogue, or a disk from elsewhere",
    )
    .argument("<volume...>", "roots of volumes on this machine")
    .option("--host <name>", `their host; by default the host that wrote on each last, or ${hostname()}`);
  addLedgerOptions(rebuildCommand)
    .option("--json", "one JSON document per volume, one per line, on stdout")
    .action(async (roots: string[], flags: RebuildFlags) => {
      const { rebuild } = await import("../../actions/fleet/ledger.ts");
      done(await rebuild(roots, flags, signal));
    });
  const backupCommand = ledger
    .command("backup")
    .description("copy the catalogue, while it is at work, to <catalogue>.backup beside it");
  addLedgerOptions(backupCommand)
    .option("--json", "one JSON document on stdout")
    .action(async (flags: BackupFlags) => {
      const { backup } = await import("../../actions/fleet/ledger.ts");
      await backup(flags, signal);
    });
}
