import { compositeTree } from "./composite.ts";
import { type ExplicitObject, explicitTree } from "./explicit.ts";
import { joinKey, type ObjectSet } from "./object-set.ts";

export interface ChangingTree extends ObjectSet {
  put(key: string, object: Uint8Array | ExplicitObject): void;
  remove(key: string): void;
}

/** Another set as it is changed while the server runs. The base is not touched. */
export function changingTree(base: ObjectSet): ChangingTree {
  const added = explicitTree();
  const removed = new Set<string>();
  const both = compositeTree(added, base);
  let changed = false;

  return {
    put(key, object) {
      changed = true;
      removed.delete(key);
      added.put(key, object);
    },
    remove(key) {
      changed = true;
      added.remove(key);
      removed.add(key);
    },
    isDirectory: (key) => both.isDirectory(key),
    object: (key) => (removed.has(key) ? undefined : both.object(key)),
    list(directory, after, limit, order) {
      if (!changed) return base.list(directory, after, limit, order);
      // More rows are requested, as many as could be hidden, so that a page stays full.
      const rows = both.list(directory, after, limit + removed.size, order);
      return rows
        ?.filter(({ name, kind }) => kind === "directory" || !removed.has(joinKey(directory, name)))
        .slice(0, limit);
    },
  };
}
