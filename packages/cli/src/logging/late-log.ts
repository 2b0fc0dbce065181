import type { Log } from "@brigade/core";

/** From the least serious on. A log also writes what is more serious than its own level. */
const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/**
 * Returns a log that is made with its first line. Lines below `level` do not make it: many commands
 * end without a line, and to load pino takes 10 ms of CPU.
 */
export function lateLog(level: string, make: () => Log): Log {
  let made: Log | undefined;
  const written = (name: "debug" | "info" | "warn" | "error") => {
    if (levels.indexOf(name) < levels.indexOf(level)) return () => {};
    return (fields: object, message: string): void => {
      made ??= make();
      made[name](fields, message);
    };
  };
  return {
    debug: written("debug"),
    info: written("info"),
    warn: written("warn"),
    error: written("error"),
    child: (fields) =>
      lateLog(level, () => {
        made ??= make();
        return made.child(fields);
      }),
  };
}
