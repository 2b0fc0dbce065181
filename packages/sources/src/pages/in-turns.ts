import { setImmediate as turn } from "node:timers/promises";

/** Things that are handled before other work gets its turn. */
const atOnce = 2_000;

/** The same, but that a long row of them does not hold up the process. */
export async function* inTurns<T>(things: Iterable<T>): AsyncGenerator<T, void, void> {
  let n = 0;
  for (const one of things) {
    if (++n % atOnce === 0) await turn();
    yield one;
  }
}
