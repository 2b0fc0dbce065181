// @ts-check

const units = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Decimal units, as disks are sold. @param {number} bytes */
export function formatBytes(bytes) {
  // A sum that would be larger stays there.
  if (bytes >= Number.MAX_SAFE_INTEGER) return "at least 8 PiB";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** @param {number} count */
export function formatCount(count) {
  return count.toLocaleString("en-US");
}

/** @param {number} count @param {string} one @param {string} many */
export function counted(count, one, many) {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** @param {number} perSecond */
export function formatRate(perSecond) {
  return perSecond >= 100 || perSecond === 0 ? formatCount(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** Never 100 % of what is not whole. @param {number} part @param {number} whole */
export function formatShare(part, whole) {
  if (whole === 0) return "0 %";
  const percent = (100 * part) / whole;
  return part < whole ? `${Math.min(99.9, Math.floor(percent * 10) / 10)} %` : "100 %";
}

/** `45 s`, `12 min`, `3 h 05 min`, `2 d 4 h`. @param {number} seconds */
export function formatDuration(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Unix milliseconds. @param {number} at @param {number} now */
export function formatAgo(at, now) {
  return now - at < 1_500 ? "just now" : `${formatDuration((now - at) / 1_000)} ago`;
}

/** Unix milliseconds; with the day where it is another one. @param {number} at */
export function formatTime(at) {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? time.toLocaleTimeString() : time.toLocaleString();
}

/** Hours and minutes. Unix seconds. @param {number} at */
export function formatClock(at) {
  return new Date(at * 1_000).toLocaleTimeString(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });
}
