import { createHash } from "node:crypto";

export interface PagePosition {
  readonly job: string;
  readonly directory: string;
  readonly walk: number;
  readonly page: number;
}

/**
 * Names a page by where it stands and what is on it: the same id if it is listed again and nothing
 * changed. `names`: those that are counted, in the order of their indexes.
 */
export function pageId(position: PagePosition, names: readonly string[]): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([position.job, position.directory, position.walk, position.page, names]));
  return hash.digest("base64url").slice(0, 22);
}
