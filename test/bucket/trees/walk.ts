import { joinKey, type ObjectSet, type Position } from "./object-set.ts";

export interface FoundObject {
  readonly key: string;
  readonly size: number;
  readonly modified: number;
}

const pageSize = 1000;

/** Every object below `prefix`, depth first: what a complete copy must hold. */
export function* objectsOf(set: ObjectSet, prefix = ""): Generator<FoundObject> {
  const pending = [prefix];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    let after: Position | undefined;
    for (;;) {
      const rows = set.list(directory, after, pageSize, "asc") ?? [];
      for (const { name, kind, size, modified } of rows) {
        const key = joinKey(directory, name);
        if (kind === "directory") pending.push(key);
        else yield { key, size, modified };
      }
      after = rows.at(-1);
      if (rows.length < pageSize) break;
    }
  }
}
