import { dirname, join, relative } from "node:path/posix";

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** By folder: the folders that its files import from, each with one of these files. */
type Arrows = ReadonlyMap<string, ReadonlyMap<string, string>>;

const imported = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

/**
 * Returns a line per circle: folders of a package's sources that import from each other, directly or
 * through others, types included. The doors of a package, `src/index.ts`, `get.ts`, `http.ts` and
 * `thread.ts`, do not count.
 */
export function folderCircles(files: readonly SourceFile[]): string[] {
  const packages = Map.groupBy(files, ({ path }) => /^packages\/[^/]+\/src(?=\/)/.exec(path)?.[0]);
  return [...packages].flatMap(([root, sources]) =>
    root === undefined ? [] : circles(arrowsIn(root, sources)).map((circle) => `${root}: ${circle}`),
  );
}

const doors = ["index.ts", "get.ts", "http.ts", "thread.ts"];

function arrowsIn(root: string, files: readonly SourceFile[]): Arrows {
  const arrows = new Map<string, Map<string, string>>();
  for (const { path, text } of files) {
    if (doors.some((door) => path === `${root}/${door}`)) continue;
    const from = relative(root, dirname(path));
    for (const [, target = ""] of text.matchAll(imported)) {
      const to = relative(root, dirname(join(dirname(path), target)));
      if (to === from || to.startsWith("..")) continue;
      const known = arrows.get(from) ?? new Map<string, string>();
      arrows.set(from, known.set(to, relative(root, path)));
    }
  }
  return arrows;
}

/** At least one for each set of folders that know each other. */
function circles(arrows: Arrows): string[] {
  const told = new Set<string>();
  const lines: string[] = [];
  for (const folder of [...arrows.keys()].sort()) {
    const way = told.has(folder) ? undefined : shortestCircle(arrows, folder);
    if (way === undefined) continue;
    for (const one of way) told.add(one);
    const steps = way.map((one, index) => {
      const next = way[(index + 1) % way.length] ?? "";
      return `${arrows.get(one)?.get(next)} imports from ${next || "the root"}`;
    });
    lines.push(`folders in a circle: ${steps.join(", ")}`);
  }
  return lines;
}

/** Returns the folders on the shortest way from a folder back to it; `undefined` if there is no way. */
function shortestCircle(arrows: Arrows, start: string): string[] | undefined {
  const seen = new Set<string>();
  let ways: string[][] = [[start]];
  while (ways.length > 0) {
    const longer: string[][] = [];
    for (const way of ways) {
      for (const next of arrows.get(way.at(-1) ?? "")?.keys() ?? []) {
        if (next === start) return way;
        if (seen.has(next)) continue;
        seen.add(next);
        longer.push([...way, next]);
      }
    }
    ways = longer;
  }
  return undefined;
}
