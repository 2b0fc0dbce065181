import type { Log } from "@brigade/core";

/** Drops every line. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog };

/** Prints warnings and errors on stderr, and drops the rest. */
export const warningsOnStderr: Log = {
  ...silentLog,
  warn: printOnStderr,
  error: printOnStderr,
  child: () => warningsOnStderr,
};

function printOnStderr(fields: object, message: string): void {
  console.error(message, JSON.stringify(fields));
}

/** Returns a log whose warnings and errors end in `messages`, without their fields. */
export function warningsInto(messages: string[]): Log {
  const note = (_fields: object, message: string) => void messages.push(message);
  const log: Log = { ...silentLog, warn: note, error: note, child: () => log };
  return log;
}

interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Keeps every line. */
export class RecordingLog implements Log {
  readonly lines: Line[] = [];

  debug(fields: object, message: string): void {
    this.#add("debug", fields, message);
  }
  info(fields: object, message: string): void {
    this.#add("info", fields, message);
  }
  warn(fields: object, message: string): void {
    this.#add("warn", fields, message);
  }
  error(fields: object, message: string): void {
    this.#add("error", fields, message);
  }
  child(): Log {
    return this;
  }

  /** The lines that are not for developers only. */
  get told(): Line[] {
    return this.lines.filter(({ level }) => level !== "debug");
  }

  /** Of those, the texts: `warn: an object failed`. */
  get messages(): string[] {
    return this.told.map(({ level, message }) => `${level}: ${message}`);
  }

  /** As `messages`, since the last call. */
  take(): string[] {
    const messages = this.messages;
    this.lines.splice(0);
    return messages;
  }

  #add(level: Line["level"], fields: object, message: string): void {
    this.lines.push({ level, message, fields: { ...fields } });
  }
}
