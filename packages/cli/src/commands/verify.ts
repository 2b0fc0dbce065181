import { integer } from "@brigade/core";
import { type Command, InvalidArgumentError } from "commander";
import type { VerifyFlags } from "../actions/verify.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";
import type { ExitCode } from "../process/exit-code.ts";

/** `brigade verify`: re-reads disks against their manifests. */
export function addVerify(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = addCommand(program, "verify")
    .argument(
      "[volume...]",
      "roots of volumes; by default those of VOLUMES. Neither cloud nor broker nor ledger is asked",
    )
    .option("--source <name>", "only what was stored of this source")
    .option(
      "--threads <n>",
      "files that are read at once; by default as many as this machine has processors",
      threadsOf,
    )
    .option("--restart", "forget what an interrupted run has found")
    .option(
      "--repair",
      "move damaged files aside and report them to the ledger, so that the next `start` or `copy` fetches them again",
    );
  addLedgerOptions(command)
    .option("--json", "one JSON document per difference, one per line, on stdout")
    .action(async (roots: string[], flags: VerifyFlags) => {
      const { runVerify } = await import("../actions/verify.ts");
      done(await runVerify(roots, flags, signal));
    });
}

function threadsOf(value: string): number {
  const parsed = integer({ min: 1, max: 64 }).safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError("must be a whole number, 1 to 64");
  return parsed.data;
}
