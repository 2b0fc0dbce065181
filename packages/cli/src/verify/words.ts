import type { Difference } from "@brigade/volumes";
import { formatBytes, formatCount } from "../terminal/units.ts";
import type { Verified, VolumeToVerify } from "./verify.ts";

/** Returns a line for people. */
export function describeDifference({ root }: VolumeToVerify, difference: Difference): string {
  const { problem, source, path, reason } = difference;
  const why = reason ?? comparison(difference);
  return `${problem.padEnd(10)} ${root}/${source}/${path}${why === undefined ? "" : `: ${why}`}`;
}

function comparison({ problem, expected, found }: Difference): string | undefined {
  if (expected === undefined || found === undefined) return undefined;
  if (problem === "size") return `${found.size} bytes in place of ${expected.size}`;
  return problem === "md5" ? `MD5 ${found.md5 ?? "?"} in place of ${expected.md5}` : undefined;
}

/** Returns how it ended for one volume, in lines for people. */
export function describeVerified({ volume: { root, info }, summary, repaired }: Verified): string[] {
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
      ? [`  ${formatCount(lost)} are put back to work: the next \`start\` or \`copy\` fetches them`]
      : [];
  return [`${root} "${info.label}": ${looked}: ${what}`, ...next];
}
