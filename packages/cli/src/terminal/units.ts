import { type Fetching, mostSum } from "@brigade/core";

const units = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Returns `33.4 kB`: decimal units, as disks are sold. */
export function formatBytes(bytes: number): string {
  if (bytes >= mostSum) return "at least 8 PiB";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** Returns `12,345`. To load Intl for it would take 10 ms of CPU. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Returns `45 s`, `12 min`, `3 h 05 min` or `2 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Returns `12 s`; long spans in minutes, hours or days. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** Returns `12 s ago`. */
export function ago(ms: number): string {
  return `${span(ms)} ago`;
}

/** Returns "12 listings at once, limited by the line". */
export function describeListing({ atOnce, limitedBy }: Fetching): string {
  return `${formatCount(atOnce)} listings at once, limited by ${limitedBy}`;
}

/** Returns "214 at once, limited by the line". */
export function describeFetching({ atOnce, limitedBy }: Fetching): string {
  return `${formatCount(atOnce)} at once, limited by ${limitedBy}`;
}
