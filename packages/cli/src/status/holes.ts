import type { Proof } from "@brigade/ledger";
import { formatCount } from "../terminal/units.ts";

/** What a job has no account of, a line each; nothing when all is accounted for. The first few of each kind are named. */
export function describeHoles({ holes }: Proof): string[] {
  const { failedDirectories, directories, pages } = holes;
  const failed = failedDirectories.examples.map(({ directory, page, besides, reason }) => {
    const what = besides ? `all of "${directory}" at page ${page}` : `"${directory}" from page ${page} on`;
    return `could not list ${what}: ${reason}`;
  });
  const unlisted = directories.examples.map(
    ({ directory, missing }) =>
      `not fully listed: "${directory}", pages ${missing.map(formatRange).join(", ")}`,
  );
  const open = pages.examples.map(({ directory, page, open: count, indexes }) => {
    const rest = count > indexes.length ? ", …" : "";
    return `no outcome: ${formatCount(count)} of "${directory}", page ${page} (entries ${indexes.join(", ")}${rest})`;
  });
  const kinds = [
    { lines: failed, total: failedDirectories.total, what: "directories that could not be listed" },
    { lines: unlisted, total: directories.total, what: "directories that are not fully listed" },
    { lines: open, total: pages.total, what: "pages with entries that have no outcome" },
  ];
  return kinds.flatMap(({ lines, total, what }) => [
    ...lines,
    ...(total > lines.length ? [`… and ${formatCount(total - lines.length)} more ${what}`] : []),
  ]);
}

/** `3`, `3-7`. */
export function formatRange({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? String(from) : `${from}-${to}`;
}
