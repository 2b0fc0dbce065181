import { comparePositions, type ObjectSet, type Row } from "./object-set.ts";

/** Several sets as one. For an object or a row in several of them the first wins. */
export function compositeTree(...sets: readonly ObjectSet[]): ObjectSet {
  return {
    isDirectory: (key) => sets.some((set) => set.isDirectory(key)),
    object(key) {
      for (const set of sets) {
        const found = set.object(key);
        if (found) return found;
      }
      return undefined;
    },
    list(directory, after, limit, order) {
      const pages = sets.flatMap((set) => {
        const page = set.list(directory, after, limit, order);
        return page ? [page] : [];
      });
      if (pages.length < 2) return pages[0];
      const direction = order === "asc" ? 1 : -1;
      const merged = pages.flat().sort((a, b) => direction * comparePositions(a, b));
      return merged.filter((row, index) => !sameRow(row, merged[index - 1])).slice(0, limit);
    },
  };
}

function sameRow(row: Row, other: Row | undefined): boolean {
  return other !== undefined && comparePositions(row, other) === 0;
}
