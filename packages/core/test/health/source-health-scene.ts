import {
  type FatalError,
  type OutageReport,
  RequestGate,
  SourceError,
  type SourceErrorKind,
  SourceHealth,
} from "../../src/index.ts";

export const refused = (kind: SourceErrorKind = "forbidden", scope?: "object" | "origin" | "source") =>
  new SourceError(kind, `${kind}!`, { scope });

export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Returns the health of a source of which every wait passes at once, and moves the clock on. It is
 * long because its callbacks and what it returns share their state.
 */
export function setUp({ limitMs = 600_000, earlier = [] as string[], manyOrigins = false } = {}) {
  const leaving = new AbortController();
  const clock = { now: 1_000 };
  const gate = new RequestGate();
  const asked: string[] = [];
  const events: string[] = [];
  const pauses: OutageReport[] = [];
  const givenUp: FatalError[] = [];
  /** What `ask` and `list` answer with, by key. */
  const answers = new Map<string, Error>();
  let listing: SourceError | undefined;
  let lookUps = 0;
  const health = new SourceHealth(
    {
      gate,
      ask: async ({ key }) => {
        asked.push(key);
        await turn();
        const error = answers.get(key) ?? answers.get("*");
        if (error !== undefined) throw error;
      },
      list: async () => {
        asked.push("listing");
        if (listing !== undefined) throw listing;
      },
      ofEarlierRuns: async () => {
        lookUps++;
        return earlier.map((key) => ({ key }));
      },
      onPause: (report) => {
        events.push("pause");
        pauses.push(report);
      },
      onResume: (pausedMs) => events.push(`resume after ${Math.round(pausedMs / 1000)} s`),
      onGiveUp: (error) => givenUp.push(error),
      signal: leaving.signal,
      now: () => clock.now++,
      delay: async (ms, signal) => {
        await turn();
        signal.throwIfAborted();
        clock.now += ms;
      },
    },
    { limitMs, manyOrigins },
  );
  const came = (key: string) => health.succeeded(health.begin(), { key }, true);
  const judge = (key: string, error: SourceError, begunAt = health.begin()) =>
    health.judge({ key }, error, begunAt);
  const refuseListing = (error: SourceError) => {
    listing = error;
  };
  return {
    health,
    gate,
    clock,
    leaving,
    asked,
    answers,
    events,
    pauses,
    givenUp,
    came,
    judge,
    refuseListing,
    /** Returns how often the subjects of earlier runs were asked for. */
    lookUps: () => lookUps,
  };
}
