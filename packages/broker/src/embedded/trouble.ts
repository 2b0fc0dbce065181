import { type DatabaseFile, databaseError, encodeError, FatalError } from "@brigade/core/thread";
import type { Trouble } from "./protocol.ts";

function queueFile(path: string): DatabaseFile {
  const ifDamaged = `move ${path}* away and run the same command with --restart; what lies on the volumes is not fetched again`;
  return { what: "the queue database", path, ifDamaged };
}

/** Returns the post that reports an error of the thread, after which nothing can go on. */
export function troubleOf(error: unknown, path: string): Trouble {
  const known = databaseError(error, queueFile(path));
  if (known !== undefined) return { kind: "trouble", error: encodeError(known) };
  const message = error instanceof Error ? error.message : String(error);
  const fatal = new FatalError(`the queue database ${path}: ${message}`, { cause: error });
  return { kind: "trouble", error: encodeError(fatal) };
}
