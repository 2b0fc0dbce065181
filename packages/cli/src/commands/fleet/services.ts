import type { Environment } from "@brigade/core";
import type { Command } from "commander";
import { addCommand, type CommandName } from "../../options/outlines.ts";
import type { ExitCode } from "../../process/exit-code.ts";
import { addLedgerCommands } from "./ledger.ts";

type Run = (environment: Environment, stop: AbortSignal) => Promise<ExitCode>;

/** `brigade lister`. As the other services it is configured by the environment alone. */
export function addLister(program: Command, _done: unknown, stop: AbortSignal): void {
  const run: Run = async (...given) =>
    await (await import("../../service/lister/lister.ts")).runLister(...given);
  addService(program, "lister", run, stop);
}

export function addDownloader(program: Command, _done: unknown, stop: AbortSignal): void {
  const run: Run = async (...given) =>
    await (await import("../../service/downloader/downloader.ts")).runDownloader(...given);
  addService(program, "downloader", run, stop);
}

/** `brigade ledger`, and what is done to its accounts. */
export function addLedger(program: Command, done: (code: ExitCode) => void, stop: AbortSignal): void {
  const run: Run = async (...given) =>
    await (await import("../../service/ledger/ledger.ts")).runLedger(...given);
  addLedgerCommands(addService(program, "ledger", run, stop), done, stop);
}

function addService(program: Command, name: CommandName, run: Run, stop: AbortSignal): Command {
  return addCommand(program, name).action(async () => {
    const { serviceEnvironment } = await import("../../service/environment.ts");
    // A service ends when it is done, even if a broken connection or a hanging disk still holds it.
    process.exit(await run(serviceEnvironment(), stop));
  });
}
