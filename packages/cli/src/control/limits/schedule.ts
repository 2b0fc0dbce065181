import { ConfigError, type Limit } from "@brigade/core";

type Window = Limit["schedule"][number];

const minutesPerDay = 24 * 60;
const clocks = new Map<string, Intl.DateTimeFormat>();

/**
 * Returns the bytes per second that a limit allows at this moment; `undefined`: any number. `now`:
 * Unix milliseconds. The clock on a wall of the time zone decides: a window in an hour that is left
 * out does not come on that day, and one in an hour that is repeated comes twice.
 */
export function bandwidthAt(
  limit: Pick<Limit, "bandwidth" | "schedule" | "timeZone">,
  now: number,
): number | undefined {
  if (limit.schedule.length === 0) return limit.bandwidth;
  const minute = minuteOfDay(limit.timeZone, now);
  const window = limit.schedule.find((one) => holds(one, minute));
  return window === undefined ? limit.bandwidth : window.bandwidth;
}

/** Throws ConfigError if two windows overlap, or one has no end. */
export function assertApart(windows: readonly Window[]): void {
  const problems: string[] = [];
  for (const [at, one] of windows.entries()) {
    if (one.from === one.to) problems.push(`--at ${named(one)}: it begins when it ends`);
    for (const other of windows.slice(at + 1))
      if (holds(one, minutes(other.from)) || holds(other, minutes(one.from)))
        problems.push(`--at ${named(one)} and --at ${named(other)} overlap`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Returns whether this machine knows the time zone. */
export function isTimeZone(name: string): boolean {
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

function holds({ from, to }: Window, minute: number): boolean {
  const length = (minutes(to) - minutes(from) + minutesPerDay) % minutesPerDay;
  return (minute - minutes(from) + minutesPerDay) % minutesPerDay < length;
}

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return 60 * hour + minute;
}

function minuteOfDay(timeZone: string, now: number): number {
  return minutes(clockOf(timeZone).format(now));
}

/** Throws RangeError. A service may know fewer time zones than who gave the order: see `isTimeZone`. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    clocks.set(timeZone, clock);
  }
  return clock;
}

function named({ from, to }: Window): string {
  return `${from}-${to}`;
}
