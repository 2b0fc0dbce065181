import type { Program, Step } from "./program.ts";

/**
 * Whether the program matches the text, from its first character on. No way is tried twice: the work is the length of the text, times
 * that of the program. From the text's end to its beginning it is known, position by position, from which steps the end can be reached.
 */
export function matches({ steps, blocks }: Program, text: string): boolean {
  let here = new Uint8Array(steps.length);
  let next = new Uint8Array(steps.length);
  for (let at = text.length; at >= 0; at--) {
    [here, next] = [next.fill(0), here];
    for (const [n, from] of blocks.entries())
      settle(steps, { from, to: blocks[n + 1] ?? steps.length }, { text, at, here, next });
  }
  return here[blocks.at(-1) ?? 0] === 1;
}

interface Position {
  readonly text: string;
  readonly at: number;
  /** By step, 1 where the end of its block can be reached from it. */
  readonly here: Uint8Array;
  /** The same for the position after this one. */
  readonly next: Uint8Array;
}

/** Until nothing changes: steps may lead back. */
function settle(
  steps: readonly Step[],
  { from, to }: { from: number; to: number },
  position: Position,
): void {
  const { here } = position;
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (let n = to - 1; n >= from; n--) {
      const step = steps[n];
      if (here[n] === 1 || step === undefined || !reachesEnd(step, n, position)) continue;
      here[n] = 1;
      hasChanged = true;
    }
  }
}

function reachesEnd(step: Step, n: number, { text, at, here, next }: Position): boolean {
  switch (step.op) {
    case "char":
      return next[n + 1] === 1 && at < text.length && step.has(text.charCodeAt(at));
    case "edge":
      return here[n + 1] === 1 && at === (step.isStart ? 0 : text.length);
    case "look":
      return here[n + 1] === 1 && (here[step.at] === 1) !== step.negate;
    case "either":
      return step.to.some((to) => here[to] === 1);
    case "end":
      return true;
  }
}
