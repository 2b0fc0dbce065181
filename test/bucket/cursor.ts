import type { Order, Position } from "./trees/object-set.ts";

/** The cursor after the last page: the Erlang term {next, eof}. */
export const endOfListing = "g2gCZAAEbmV4dGQAA2VvZg";

/**
 * The listing that a cursor belongs to. With another directory, order or limit it is a bad cursor.
 */
export interface CursorScope {
  readonly bucket: string;
  readonly directory: string;
  readonly order: Order;
  readonly limit: number;
}

/**
 * A cursor for what comes after a row, or for the start. `salt` makes two cursors for one place
 * differ.
 */
export function encodeCursor(scope: CursorScope, after: Position | undefined, salt = 0): string {
  const { bucket, directory, order, limit } = scope;
  const place = after ? [after.kind, after.name] : ["start", ""];
  return Buffer.from(JSON.stringify([bucket, directory, order, limit, ...place, salt])).toString("base64");
}

/** Returns the place, or `undefined` if the cursor is not from here or has another scope. */
export function decodeCursor(
  cursor: string,
  scope: CursorScope,
): { readonly after: Position | undefined } | undefined {
  const text = Buffer.from(cursor, "base64").toString();
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!Array.isArray(parts)) return undefined;
  const [bucket, directory, order, limit, kind, name] = parts as unknown[];
  if (bucket !== scope.bucket || directory !== scope.directory) return undefined;
  if (order !== scope.order || limit !== scope.limit) return undefined;
  if (kind === "start") return { after: undefined };
  if (typeof name !== "string" || (kind !== "file" && kind !== "directory")) return undefined;
  return { after: { name, kind } };
}
