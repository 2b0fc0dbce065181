import type { Difference } from "@brigade/volumes";
import { printable } from "../printable.ts";
import { formatBytes, formatCount } from "../units.ts";
import type { Verified, VolumeToVerify } from "./verify.ts";

/** A difference as a line, for machines or for people. */
export function tellDifference(
  { root, info }: VolumeToVerify,
  difference: Difference,
  json: boolean,
): string {
  if (json) return `${JSON.stringify({ root, volume: info.id, ...difference })}\n`;
  const { problem, source, path, reason } = difference;
  const why = reason ?? comparison(difference);
  return printable(
    `${problem.padEnd(10)} ${root}/${source}/${path}${why === undefined ? "" : `: ${why}`}`,
  ).concat("\n");
}

function comparison({ problem, expected, found }: Difference): string | undefined {
  if (expected === undefined || found === undefined) return undefined;
  if (problem === "size") return `${found.size} bytes in place of ${expected.size}`;
  return problem === "md5" ? `MD5 ${found.md5 ?? "?"} in place of ${expected.md5}` : undefined;
}

/** How it ended for one volume. */
export function describeVerified({ volume: { root, info }, summary, repaired }: Verified): string {
  const { files, bytes, problems, badLines } = summary;
  const found = Object.entries(problems)
    .filter(([, count]) => count > 0)
    .map(([problem, count]) => `${formatCount(count)} ${problem}`);
  if (badLines > 0) found.push(`${formatCount(badLines)} unreadable manifest lines`);
  const looked = `${formatCount(files)} files, ${formatBytes(bytes)}`;
  const what = found.length === 0 ? "all as they were stored" : found.join(", ");
  const lost = repaired?.lost ?? 0;
  const next =
    lost > 0
      ? `\n  ${formatCount(lost)} are put back to work: the next \`start\` or \`copy\` fetches them`
      : "";
  return `${printable(`${root} "${info.label}": ${looked}: ${what}`)}${next}\n`;
}
