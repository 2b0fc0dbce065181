import type { Command } from "commander";
import type { AuditFlags } from "../actions/audit.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addCommand } from "../options/outlines.ts";
import { allowPrivateOption, configuredSourceArgument } from "../options/source-options.ts";
import type { ExitCode } from "../process/exit-code.ts";

/** `brigade audit`: the bucket as it is now, against what is stored. */
export function addAudit(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = addCommand(program, "audit").argument("<source>", configuredSourceArgument);
  addLedgerOptions(command)
    .option(...allowPrivateOption)
    .option("--json", "one JSON document per difference, one per line, on stdout")
    .action(async (source: string, flags: AuditFlags) => {
      const { runAudit } = await import("../actions/audit.ts");
      done(await runAudit(source, flags, signal));
    });
}
