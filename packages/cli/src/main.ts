import { ConfigError, FatalError, HostError } from "@brigade/core";
import { Command, CommanderError } from "commander";
import { addGet } from "./commands/get.ts";
import { flushLog } from "./logging/logging.ts";
import { exitCode, exitCodeHelp, exitCodeOf } from "./process/exit-code.ts";
import { isHangupIgnored } from "./process/hangup.ts";
import { hurry } from "./process/hurry.ts";
import { whenOrphanedByNpx } from "./process/orphan.ts";
import { leaveRemovedFolder } from "./process/working-folder.ts";
import { parserOutput, tell, tellLines, watchOutput } from "./terminal/terminal.ts";

leaveRemovedFolder();

/** A service tells in its own log what it does. */
let isService = false;

/** The first signal stops with grace, the second at once: a service has a moment to give back what it holds, until the third. */
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (hurry.signal.aborted) {
      void leave(exitCode.interrupted);
      return;
    }
    if (stop.signal.aborted) {
      hurry.abort();
      // The first signal may be so fresh that nobody has acted on it yet.
      if (!isService) setTimeout(() => void leave(exitCode.interrupted), 200);
    } else stopBecauseOf(name);
  });
}

/** A terminal that goes may send it twice, so it is never "the second". Services ignore it: it will have another meaning for them. */
const isHangupToBeIgnored = isHangupIgnored(process.env);
let hungUpAt = Number.NEGATIVE_INFINITY;
process.on("SIGHUP", () => {
  hungUpAt = performance.now();
  if (!isService && !isHangupToBeIgnored) stopBecauseOf("SIGHUP");
});
whenOrphanedByNpx(process.env, () => {
  // Under `nohup npx` the hangup that we ignore has ended npx.
  if (!(isHangupToBeIgnored && performance.now() - hungUpAt < 5_000)) stopBecauseOf("npx has ended");
});

function stopBecauseOf(reason: string): void {
  if (stop.signal.aborted) return;
  if (!isService) tell(`${reason}: finishing what is in hand; once more to leave at once`);
  stop.abort();
}

/** Node would print it as it is, with keys in it. */
process.on("uncaughtException", (error) => {
  flushLog();
  tellInternal(error);
  void leave(exitCode.internal);
});

/** Whoever reads the results may have seen enough (`brigade … | head`), or the terminal is gone. */
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
// All the others take as long to load as a file of some size to come.
if (process.argv[2] === "get") addGet(program, setExitCode, stop.signal);
else {
  const { addCommands, services } = await import("./commands/all.ts");
  const { refuseEmptyWords } = await import("./commands/options/empty-words.ts");
  const { useSettingsFile } = await import("./settings/file/use.ts");
  const { warnOfUnknownVariables } = await import("./settings/unknown-variables.ts");
  program
    .option("--env-file <file>", "read variables from this file in place of .env")
    .option("--no-env-file", "read no .env");
  await addCommands(program, process.argv[2], setExitCode, stop.signal);
  program.hook("preAction", (_program, command) => {
    isService = services.includes(command.name()) && command.parent === program;
    refuseEmptyWords(command);
    if (command.name() === "get") return; // reads no file: it is started in folders of all kinds
    const file = useSettingsFile(program.opts().envFile, isService ? { readable: false } : {});
    warnOfUnknownVariables(file);
  });
}
for (const command of program.commands) command.addHelpText("after", exitCodeHelp).exitOverride();

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
if (isService || stop.signal.aborted || (await hasLeftThreadsBehind()))
  await leave(Number(process.exitCode ?? 0));

/** `get` has no such threads, and starts faster without the package. */
async function hasLeftThreadsBehind(): Promise<boolean> {
  return process.argv[2] !== "get" && (await import("@brigade/volumes")).threadsHang();
}

/** At once. */
async function leave(code: number): Promise<never> {
  flushLog();
  return await (await import("@brigade/volumes")).endProcess(code);
}

/** What failed first; what failed because of it, while all was left, is in the same error. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}

/** One clear line (or one a problem) for what people can mend; a stack trace only for what is ours. */
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
