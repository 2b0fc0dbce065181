/** The answer of a server to a request. */
export type Decision = "served" | "refused" | "banned";

/** Decides on a request at this time, milliseconds. */
export type Gate = (now: number) => Decision;

/** Tokens that come steadily, at most `burst` of them. */
export function tokenBucket(perSecond: number, burst = perSecond): Gate {
  let tokens = burst;
  let at = 0;
  return (now) => {
    tokens = Math.min(burst, tokens + ((now - at) * perSecond) / 1000);
    at = now;
    if (tokens < 1) return "refused";
    tokens--;
    return "served";
  };
}

/** A number of requests in each second of the clock. */
export function fixedWindow(perSecond: number): Gate {
  let second = -1;
  let count = 0;
  return (now) => {
    if (Math.floor(now / 1000) !== second) count = 0;
    second = Math.floor(now / 1000);
    return ++count <= perSecond ? "served" : "refused";
  };
}

/** A number of requests in any second. `strict`: refused ones count, too. */
export function slidingWindow(perSecond: number, { strict = false } = {}): Gate {
  const times: number[] = [];
  return (now) => {
    while (times[0] !== undefined && times[0] <= now - 1000) times.shift();
    const isFull = times.length >= perSecond;
    if (!isFull || strict) times.push(now);
    return isFull ? "refused" : "served";
  };
}

/**
 * Bans, for a number of milliseconds, a client that sends more than this in a second, and refuses
 * nothing before.
 */
export function bansAbove(perSecond: number, ms: number, onBan: () => void): Gate {
  const window = slidingWindow(perSecond);
  let bannedUntil = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now >= bannedUntil && window(now) === "refused") {
      bannedUntil = now + ms;
      onBan();
    }
    return now < bannedUntil ? "banned" : "served";
  };
}

/** Bans, for a number of milliseconds, after a number of refusals in a row. */
export function withBan(gate: Gate, { after, ms }: { after: number; ms: number }): Gate {
  let inRow = 0;
  let bannedUntil = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now < bannedUntil) return "banned";
    const answer = gate(now);
    inRow = answer === "refused" ? inRow + 1 : 0;
    if (inRow < after) return answer;
    inRow = 0;
    bannedUntil = now + ms;
    return answer;
  };
}
