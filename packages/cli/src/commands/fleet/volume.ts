import type { Command } from "commander";
import type { OrderFlags } from "../../actions/control.ts";
import type { ForgetFlags, InitFlags, ListFlags } from "../../actions/fleet/volume.ts";
import { addLedgerOptions } from "../../options/ledger-options.ts";
import { addCommand } from "../../options/outlines.ts";

/** `brigade volume init | list`. */
export function addVolume(program: Command, signal: AbortSignal): void {
  const command = addCommand(program, "volume");
  command
    .command("init")
    .description("make existing, mounted folders volumes; one that is a volume stays as it is")
    .argument("<folder...>", "one per disk")
    .option("--label <text>", "what people call it; by default the folder's name")
    .option(
      "--names <kind>",
      "portable: file names that exFAT, NTFS and SMB hold, too; plain (default): as this disk needs them",
    )
    .option("--new-volume", "also in the place of another volume (its disk is lost, or elsewhere)")
    .action(async (folders: string[], flags: InitFlags) => {
      const { init } = await import("../../actions/fleet/volume.ts");
      await init(folders, flags);
    });
  command
    .command("list")
    .description("id, label, free space and sources of volumes")
    .argument("[folder...]", "by default those of VOLUMES")
    .option("--json", "one JSON document on stdout")
    .action(async (folders: string[], flags: ListFlags) => {
      const { list } = await import("../../actions/fleet/volume.ts");
      await list(folders, flags);
    });
  const forgetCommand = command
    .command("forget")
    .description(
      "a disk is lost: the ledger forgets what lay on it, and the next `start` or `copy` fetches that again",
    )
    .argument("<volume>", "its id or label, as `brigade volumes` shows it");
  addLedgerOptions(forgetCommand)
    .option("--json", "one JSON document on stdout")
    .action(async (name: string, flags: ForgetFlags) => {
      const { forget } = await import("../../actions/fleet/volume.ts");
      await forget(name, flags, signal);
    });
  for (const [what, does] of orders)
    command
      .command(what)
      .description(does)
      .argument("<volume>", "its id or label, as `brigade status` shows it")
      .option("--reason <text>", "why, for those who look at `brigade status`")
      .option("--json", "one JSON document on stdout")
      .action(async (name: string, flags: OrderFlags) => {
        const { orderVolume } = await import("../../actions/fleet/volume-orders.ts");
        await orderVolume(what, name, flags, signal);
      });
}

const orders = [
  ["drain", "nothing new goes there, in the fleet of LEDGER_URL or the running `copy`; its files stay"],
  ["eject", "drain it, then close all that is open there, so that it can be unmounted"],
  ["undrain", "it is used again"],
] as const;
