import type { Limit, Standing } from "@brigade/core";
import { formatBytes } from "../../terminal/units.ts";

/** Returns a line per limit that holds, of all sources. */
export function describeLimits(standing: Standing | undefined): string[] {
  const sources = standing?.sources ?? [];
  return sources.flatMap(({ source, limits }) =>
    limits.map((limit) => `limit  ${source}: ${describeLimit(limit)}`),
  );
}

/**
 * Returns "20.0 MB/s, 500 requests/s; 01:00-07:00 80.0 MB/s (Asia/Shanghai), since …, by …: why".
 */
export function describeLimit({ host, reason, since, by, ...limit }: Limit): string {
  const where = host === undefined ? "" : `${host}: `;
  const why = reason === "" ? "" : `: ${reason}`;
  return `${where}${ratesOf(limit)}, since ${new Date(since).toISOString()}, by ${by}${why}`;
}

function ratesOf({
  bandwidth,
  requests,
  listing,
  schedule,
  timeZone,
}: Omit<Limit, "since" | "by" | "reason">): string {
  const rates = [
    bandwidth === undefined ? undefined : `${formatBytes(bandwidth)}/s`,
    requests === undefined ? undefined : `${requests} requests/s`,
    listing === undefined ? undefined : `${listing} listings/s`,
  ].filter((one) => one !== undefined);
  const windows = schedule.map(({ from, to, bandwidth: bytes }) => `${from}-${to} ${formatBytes(bytes)}/s`);
  const scheduled = windows.length === 0 ? "" : `${windows.join(", ")} (${timeZone})`;
  return [rates.join(", "), scheduled].filter((one) => one !== "").join("; ");
}
