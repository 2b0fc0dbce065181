import type { Command } from "commander";
import type { ExitCode } from "../exit-code.ts";
import { addAdopt } from "./adopt.ts";
import { addAudit } from "./audit.ts";
import { addCancel } from "./cancel.ts";
import { addCopy } from "./copy.ts";
import { addDeadLetters } from "./dead-letters.ts";
import { addDoctor } from "./doctor.ts";
import { addFailed } from "./failed.ts";
import { addGet } from "./get.ts";
import { addLedgerCommands } from "./ledger.ts";
import { addRetry } from "./retry.ts";
import { addServices } from "./services.ts";
import { addStart } from "./start.ts";
import { addStatus } from "./status.ts";
import { addVerify } from "./verify.ts";
import { addVolume } from "./volume.ts";
import { addVolumes } from "./volumes.ts";
import { addWhere } from "./where.ts";

/** Adds every command. Gives those that are services. */
export function addCommands(
  program: Command,
  done: (code: ExitCode) => void,
  signal: AbortSignal,
): readonly Command[] {
  addCopy(program, done, signal);
  addGet(program, done, signal);
  addDoctor(program, done, signal);
  addStart(program, done, signal);
  addStatus(program, done, signal);
  addFailed(program, signal);
  addRetry(program, signal);
  addCancel(program, signal);
  addDeadLetters(program, signal);
  addWhere(program, done, signal);
  addVolumes(program, signal);
  addAudit(program, done, signal);
  addVerify(program, done, signal);
  addAdopt(program, done, signal);
  addVolume(program, signal);
  // A service leaves when it is done, whatever a broken connection or a hanging disk still holds.
  const services = addServices(program, (code) => process.exit(code), signal);
  for (const service of services) if (service.name() === "ledger") addLedgerCommands(service, done, signal);
  return services;
}
