import type { Log } from "@brigade/core";

interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: object;
}

/** Remembers what was told. */
export class RecordedLog implements Log {
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
