import type { Command } from "commander";
import { addCommand } from "../../options/outlines.ts";
import { configuredSourceArgument } from "../../options/source-options.ts";

/** `brigade cancel`: empties a source's queues and closes its job. */
export function addCancel(program: Command, signal: AbortSignal): void {
  addCommand(program, "cancel")
    .argument("<source>", configuredSourceArgument)
    .option("--json", "one JSON document on stdout")
    .action(async (source: string, flags: { json?: true }) => {
      const { cancel } = await import("../../actions/fleet/cancel.ts");
      await cancel(source, flags, signal);
    });
}
