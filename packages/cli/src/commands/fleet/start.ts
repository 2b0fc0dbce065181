import type { Command } from "commander";
import type { StartFlags } from "../../actions/fleet/start.ts";
import { addFilterOptions } from "../../options/filter-options.ts";
import { addCommand } from "../../options/outlines.ts";
import { configuredSourceArgument } from "../../options/source-options.ts";
import type { ExitCode } from "../../process/exit-code.ts";

/** `brigade start`: opens a job for the fleet. */
export function addStart(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = addCommand(program, "start").argument("<source>", configuredSourceArgument);
  addFilterOptions(command)
    .option(
      "--again",
      "go on with the last job after the broker has lost its data: only directories with objects that are neither stored nor failed are listed again",
    )
    .option("--wait", "follow the job until it is closed; the exit code shows how it ended")
    .option("--json", "the job (with --wait: its result) as one JSON document on stdout")
    .action(async (source: string, flags: StartFlags) => {
      const { start } = await import("../../actions/fleet/start.ts");
      done(await start(source, flags, signal));
    });
}
