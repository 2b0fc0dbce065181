import { type DatabaseFile, databaseError, FatalError, HostError } from "@brigade/core";
import type { Trouble } from "./protocol.ts";

function queueFile(path: string): DatabaseFile {
  const ifDamaged = `move ${path}* away and run the same command with --restart; what lies on the volumes is not fetched again`;
  return { what: "the queue database", path, ifDamaged };
}

/** Returns an error of the thread in a form that can be posted. */
export function troubleOf(error: unknown, path: string): Trouble {
  const known = databaseError(error, queueFile(path));
  if (known instanceof HostError) return { kind: "trouble", fault: known.kind, message: known.message };
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: "trouble",
    fault: "fatal",
    message: known?.message ?? `the queue database ${path}: ${message}`,
  };
}

/** Returns the error of a post. */
export function errorOf({ fault, message }: Trouble): HostError | FatalError {
  return fault === "fatal" ? new FatalError(message) : new HostError(fault, message);
}
