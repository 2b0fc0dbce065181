import { createHash } from "node:crypto";

/** How long a link is good for, seconds: longer than any waiting in the queue of a connection. */
const validSeconds = 1800;

/**
 * The query that opens a domain with a token rule. `path` is decoded, with a leading slash, version
 * and all (the vendor does not say decoded or encoded; every known client signs the decoded path).
 */
export function tokenQuery(secret: string, path: string, nowMs: number): string {
  return `?_upt=${token(secret, path, Math.floor(nowMs / 1000) + validSeconds)}`;
}

export function token(secret: string, path: string, etime: number): string {
  const digest = createHash("md5").update(`${secret}&${etime}&${path}`).digest("hex");
  return digest.slice(12, 20) + etime;
}
