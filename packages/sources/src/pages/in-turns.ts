import { setImmediate as turn } from "node:timers/promises";

/** Things that are handled before other work gets its turn. */
const atOnce = 2_000;

/** Returns the same things, but lets other work run during a long row of them. */
export async function* inTurns<T>(things: Iterable<T>): AsyncGenerator<T, void, void> {
  let n = 0;
  for (const one of things) {
    if (++n % atOnce === 0) await turn();
    yield one;
  }
}
