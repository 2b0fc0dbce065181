import type { ErrorCode } from "./codes.ts";

/** A request target, taken apart without the folding that URL parsers do. */
export interface Target {
  /** The path as it was received. */
  readonly path: string;
  /** Decoded path without its leading slash. */
  readonly decoded: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
}

export function parseTarget(raw: string): Target | ErrorCode {
  const question = raw.indexOf("?");
  const path = question < 0 ? raw : raw.slice(0, question);
  const query = question < 0 ? "" : raw.slice(question + 1);
  if (!path.startsWith("/")) return 40001000;
  const decoded = decodePath(path);
  if (typeof decoded === "number") return decoded;
  if (/(^|\/)\.\.?(\/|$)/.test(decoded) || decoded.includes("\0")) return 40001000;
  return { path, decoded, query };
}

function decodePath(path: string): string | ErrorCode {
  if (!path.includes("%")) return path.slice(1);
  if (/%(?![0-9a-f]{2})/i.test(path)) return 40001000;
  try {
    return decodeURIComponent(path.slice(1));
  } catch (error) {
    if (error instanceof URIError) return 40001021;
    throw error;
  }
}
