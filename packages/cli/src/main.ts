import { ConfigError, FatalError, HostError } from "@brigade/core";
import { Command, CommanderError } from "commander";
import { flushLog } from "./logging/kept-back.ts";
import { addOutlines, asksForOutlines } from "./options/outlines.ts";
import { exitCode, exitCodeHelp, exitCodeOf } from "./process/exit-code.ts";
import { isHangupIgnored } from "./process/hangup.ts";
import { whenOrphanedByNpx } from "./process/orphan.ts";
import { reloading } from "./process/reloading.ts";
import { hurry } from "./process/stopping.ts";
import { leaveRemovedFolder } from "./process/working-folder.ts";
import { parserOutput, tell, tellLines, watchOutput } from "./terminal/terminal.ts";

leaveRemovedFolder();

/** Whether a service runs: it logs what it does, so nothing is printed beside the log. */
let isService = false;

/**
 * The first signal stops with grace, the second at once. A service has a moment after the second to
 * give back what it holds, until the third.
 */
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (hurry.signal.aborted) {
      void leave(exitCode.interrupted);
      return;
    }
    if (stop.signal.aborted) {
      hurry.abort();
      // The first signal may have come just before: its handlers get a moment.
      if (!isService) setTimeout(() => void leave(exitCode.interrupted), 200);
    } else stopBecauseOf(name);
  });
}

/**
 * SIGHUP never counts as "the second" signal: a terminal that goes may send it twice. A service reads
 * again what may change while it runs.
 */
const isHangupToBeIgnored = isHangupIgnored(process.env);
let hungUpAt = Number.NEGATIVE_INFINITY;
process.on("SIGHUP", () => {
  hungUpAt = performance.now();
  if (isService) reloading.dispatchEvent(new Event("reload"));
  else if (!isHangupToBeIgnored) stopBecauseOf("SIGHUP");
});
whenOrphanedByNpx(process.env, () => {
  // Under `nohup npx`, the hangup that is ignored here has ended npx.
  if (!(isHangupToBeIgnored && performance.now() - hungUpAt < 5_000)) stopBecauseOf("npx has ended");
});

function stopBecauseOf(reason: string): void {
  if (stop.signal.aborted) return;
  if (!isService) tell(`${reason}: finishing what is in hand; once more to leave at once`);
  stop.abort();
}

/** Node would print the error as it is, with control characters of keys in it. */
process.on("uncaughtException", (error) => {
  flushLog();
  tellInternal(error);
  void leave(exitCode.internal);
});

/** The reader of the results may have ended (`brigade … | head`), or the terminal is gone. */
watchOutput((error) => {
  if (error.code === "EPIPE") process.exit(exitCode.complete);
  if (error.code === "EIO") return;
  tell(`cannot go on: standard output cannot be written: ${error.message}`);
  process.exit(exitCode.cannotGoOn);
});

const program = new Command("brigade")
  .description(
    "Empties a cloud bucket onto as many disks and hosts as you have, and proves that nothing is missing.",
  )
  .addHelpText("after", exitCodeHelp)
  .configureHelp({ showGlobalOptions: true })
  .configureOutput(parserOutput)
  .exitOverride();
const words = process.argv.slice(2);
/** Whether threads may have been started: `get` has none, and neither has a help. */
let mayHaveThreads = false;
// To load all commands takes longer than to fetch a file of some size.
if (words[0] === "get") (await import("./commands/get.ts")).addGet(program, setExitCode, stop.signal);
else {
  program
    .option("--env-file <file>", "read variables from this file in place of .env")
    .option("--no-env-file", "read no .env");
  if (asksForOutlines(words)) addOutlines(program);
  else await addCommandsWithSettings();
}
for (const command of program.commands) command.addHelpText("after", exitCodeHelp).exitOverride();

async function addCommandsWithSettings(): Promise<void> {
  const { addCommands, services } = await import("./commands/all.ts");
  const [first, second] = words;
  await addCommands(program, first === "help" ? second : first, setExitCode, stop.signal);
  program.hook("preAction", async (_program, command) => {
    isService = services.includes(command.name()) && command.parent === program;
    mayHaveThreads = true;
    const { refuseEmptyWords } = await import("./options/empty-words.ts");
    refuseEmptyWords(command);
    if (command.name() === "get") return; // reads no file: it is started in folders of all kinds
    const { useSettingsFile } = await import("./settings/file/use.ts");
    const { warnOfUnknownVariables } = await import("./settings/unknown-variables.ts");
    const file = useSettingsFile(program.opts().envFile, isService ? { readable: false } : {});
    warnOfUnknownVariables(file);
  });
}

function setExitCode(code: number): void {
  process.exitCode = code;
}

try {
  await program.parseAsync();
} catch (error) {
  flushLog();
  process.exitCode = tellFailure(firstOf(error));
}
// Node waits for all threads, also for those that hang in a call of their disk.
if (isService || stop.signal.aborted || (mayHaveThreads && (await import("@brigade/volumes")).threadsHang()))
  await leave(Number(process.exitCode ?? 0));

/** Ends the process at once. */
async function leave(code: number): Promise<never> {
  flushLog();
  return await (await import("@brigade/volumes")).endProcess(code);
}

/**
 * Returns the error that came first. Errors that came because of it, while all was left, are in the
 * same object.
 */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}

/**
 * Tells one clear line (or one per problem) of what people can mend, and a stack trace only of the
 * program's own faults. Returns the exit code.
 */
function tellFailure(error: unknown): number {
  if (stop.signal.aborted && !(error instanceof FatalError)) {
    tell("interrupted; run the same command again to go on");
    return exitCode.interrupted;
  }
  if (error instanceof ConfigError) {
    const [only, ...more] = error.problems;
    if (more.length === 0) tell(`configuration: ${only}`);
    else tellLines("brigade: configuration:", ...error.problems.map((one) => `  - ${one}`));
  } else if (error instanceof FatalError || error instanceof HostError)
    tell(`cannot go on: ${error.message}`);
  else if (!(error instanceof CommanderError)) tellInternal(error);
  return exitCodeOf(error);
}

function tellInternal(error: unknown): void {
  const text = (error instanceof Error ? error.stack : undefined) ?? String(error);
  tellLines(...`brigade: internal error: ${text}`.split("\n"));
}
