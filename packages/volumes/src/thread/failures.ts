import { ConfigError, HostError, type HostErrorKind, NameError, SourceError } from "@brigade/core";
import { diskError } from "../disk/disk-errors.ts";

/** An error on its way between threads, where classes get lost. */
export interface Failure {
  readonly kind: HostErrorKind | "name" | "damaged" | "config" | "bug";
  readonly message: string;
  /** Of `config`. */
  readonly problems?: readonly string[];
  readonly stack?: string;
}

/** In the thread: an error as plain words. Errors of the system become HostError here. */
export function encodeFailure(error: unknown, doing: string): Failure {
  if (error instanceof ConfigError)
    return { kind: "config", message: error.message, problems: error.problems };
  if (error instanceof SourceError) return { kind: "damaged", message: error.message };
  try {
    const failure = diskError(error, doing);
    return { kind: failure instanceof HostError ? failure.kind : "name", message: failure.message };
  } catch (bug) {
    if (!(bug instanceof Error)) return { kind: "bug", message: String(bug) };
    return { kind: "bug", message: bug.message, ...(bug.stack === undefined ? {} : { stack: bug.stack }) };
  }
}

/** In the main thread: the error again. `cause` tells where a bug was. */
export function decodeFailure({ kind, message, problems, stack }: Failure): Error {
  switch (kind) {
    case "full":
    case "io":
    case "silent":
    case "limits":
      return new HostError(kind, message);
    case "name":
      return new NameError(message);
    case "damaged":
      return new SourceError("damaged", message);
    case "config":
      return new ConfigError(problems ?? [message]);
    case "bug":
      return new Error(message, { cause: stack });
  }
}
