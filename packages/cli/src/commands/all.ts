import type { Command } from "commander";
import { type CommandName, isCommandName } from "../options/outlines.ts";
import type { ExitCode } from "../process/exit-code.ts";

type Done = (code: ExitCode) => void;
type Add = (program: Command, done: Done, signal: AbortSignal) => void;

/**
 * By name, in the order of the help. Each is loaded when it is called: to load all takes a second.
 */
const commands: Readonly<Record<CommandName, () => Promise<Add>>> = {
  copy: async () => (await import("./copy.ts")).addCopy,
  get: async () => (await import("./get.ts")).addGet,
  doctor: async () => (await import("./doctor.ts")).addDoctor,
  start: async () => (await import("./fleet/start.ts")).addStart,
  status: async () => (await import("./status.ts")).addStatus,
  failed: async () => withoutCode((await import("./failed.ts")).addFailed),
  retry: async () => withoutCode((await import("./retry.ts")).addRetry),
  cancel: async () => withoutCode((await import("./fleet/cancel.ts")).addCancel),
  pause: async () => withoutCode((await import("./control.ts")).addPause),
  resume: async () => withoutCode((await import("./control.ts")).addResume),
  limit: async () => withoutCode((await import("./limit.ts")).addLimit),
  drain: async () => withoutCode((await import("./control.ts")).addDrain),
  undrain: async () => withoutCode((await import("./control.ts")).addUndrain),
  "dead-letters": async () => withoutCode((await import("./fleet/dead-letters.ts")).addDeadLetters),
  where: async () => (await import("./where.ts")).addWhere,
  volumes: async () => withoutCode((await import("./volumes.ts")).addVolumes),
  audit: async () => (await import("./audit.ts")).addAudit,
  verify: async () => (await import("./verify.ts")).addVerify,
  adopt: async () => (await import("./adopt.ts")).addAdopt,
  volume: async () => withoutCode((await import("./fleet/volume.ts")).addVolume),
  lister: async () => (await import("./fleet/services.ts")).addLister,
  downloader: async () => (await import("./fleet/services.ts")).addDownloader,
  ledger: async () => (await import("./fleet/services.ts")).addLedger,
};

/** The commands that run until they are stopped. */
export const services: readonly string[] = ["lister", "downloader", "ledger"];

/** Adds the command of this name. If there is none, adds all. */
export async function addCommands(
  program: Command,
  name: string | undefined,
  done: Done,
  signal: AbortSignal,
): Promise<void> {
  const added = isCommandName(name) ? [commands[name]] : Object.values(commands);
  for (const load of added) (await load())(program, done, signal);
}

function withoutCode(add: (program: Command, signal: AbortSignal) => void): Add {
  return (program, _done, signal) => add(program, signal);
}
