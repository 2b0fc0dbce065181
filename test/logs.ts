import type { Log } from "@brigade/core";

/** Drops every line. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog };

/** Returns a log whose warnings and errors end in `messages`, without their fields. */
export function warningsInto(messages: string[]): Log {
  const note = (_fields: object, message: string) => void messages.push(message);
  const log: Log = { ...silentLog, warn: note, error: note, child: () => log };
  return log;
}

interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: object;
}

/** Keeps every line. */
export class RecordingLog implements Log {
  readonly lines: Line[] = [];

  debug(fields: object, message: string): void {
    this.lines.push({ level: "debug", message, fields });
  }
  info(fields: object, message: string): void {
    this.lines.push({ level: "info", message, fields });
  }
  warn(fields: object, message: string): void {
    this.lines.push({ level: "warn", message, fields });
  }
  error(fields: object, message: string): void {
    this.lines.push({ level: "error", message, fields });
  }
  child(): Log {
    return this;
  }

  /** The lines since the last call, without those for developers. */
  take(): string[] {
    return this.lines
      .splice(0)
      .filter(({ level }) => level !== "debug")
      .map(({ level, message }) => `${level}: ${message}`);
  }
}
