import type { Proof } from "@brigade/ledger";
import { formatCount } from "../terminal/units.ts";

/** What there is of one kind of hole: lines for the first few, and the exact number. */
interface Kind {
  readonly lines: readonly string[];
  readonly total: number;
  readonly what: string;
}

/**
 * Returns a line for each hole of a job, for people; empty if everything is accounted for. Of each
 * kind the first few are named, and one line says how many more there are.
 */
export function describeHoles({ holes }: Proof): string[] {
  const { failedDirectories, directories, pages } = holes;
  const kinds: Kind[] = [
    {
      lines: failedDirectories.examples.map(({ directory, page, besides, reason }) => {
        const what = besides
          ? `all of "${directory}" at page ${page}`
          : `"${directory}" from page ${page} on`;
        return `could not list ${what}: ${reason}`;
      }),
      total: failedDirectories.total,
      what: "directories that could not be listed",
    },
    {
      lines: directories.examples.map(({ directory, missing }) => {
        return `not fully listed: "${directory}", pages ${missing.map(formatRange).join(", ")}`;
      }),
      total: directories.total,
      what: "directories that are not fully listed",
    },
    {
      lines: pages.examples.map(({ directory, page, open, indexes }) => {
        const rest = open > indexes.length ? ", …" : "";
        return `no outcome: ${formatCount(open)} of "${directory}", page ${page} (entries ${indexes.join(", ")}${rest})`;
      }),
      total: pages.total,
      what: `pages with entries that have no outcome; ${formatCount(pages.objects)} entries in all`,
    },
  ];
  return kinds.flatMap(({ lines, total, what }) => [
    ...lines,
    ...(total > lines.length ? [`… and ${formatCount(total - lines.length)} more ${what}`] : []),
  ]);
}

/** Returns `3` or `3-7`. */
function formatRange({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? String(from) : `${from}-${to}`;
}
