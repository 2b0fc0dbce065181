import type { Command } from "commander";
import type { LimitFlags } from "../control/limits/limit-order.ts";
import { addCommand } from "../options/outlines.ts";

/** `brigade limit`: how much a fleet or a running `copy` may ask of a source. */
export function addLimit(program: Command, signal: AbortSignal): void {
  addCommand(program, "limit")
    .argument("<source>", "the source's name, as LEDGER_URL's fleet or the running `copy` has it")
    .argument("[off]", "`off` ends the limit; without it and without options, what holds is shown")
    .option("--bandwidth <size>", "bytes per second, of all services together, such as 20MB")
    .option("--requests <n>", "requests for objects per second")
    .option("--listing <n>", "requests for pages of listings per second")
    .option(
      "--at <window>",
      "another bandwidth at a time of day, such as 01:00-07:00=80MB; repeatable (SCHEDULE_TZ, TZ)",
      (window: string, before: readonly string[] = []) => [...before, window],
    )
    .option("--host <host>", "of the services of this host together")
    .option("--reason <text>", "why, for those who look at `brigade status`")
    .option("--json", "one JSON document on stdout")
    .action(async (source: string, off: string | undefined, flags: LimitFlags) => {
      const { limit } = await import("../actions/limit.ts");
      await limit(source, off, flags, signal);
    });
}
