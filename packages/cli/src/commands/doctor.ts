import type { Command } from "commander";
import { addCommand } from "../options/outlines.ts";
import { type AllowPrivateFlags, allowPrivateOption, sourceArgument } from "../options/source-options.ts";
import type { ExitCode } from "../process/exit-code.ts";

/** `brigade doctor`: tries each thing once and says what to mend. */
export function addDoctor(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  addCommand(program, "doctor")
    .argument("<source>", sourceArgument)
    .argument("[volume...]", "folders that are to store objects")
    .option(...allowPrivateOption)
    .action(async (source: string, volumes: string[], flags: AllowPrivateFlags) => {
      const { doctor } = await import("../actions/doctor.ts");
      done(await doctor(source, volumes, flags, signal));
    });
}
