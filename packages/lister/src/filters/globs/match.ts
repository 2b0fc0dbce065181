import type { Program, Step } from "./program.ts";

/**
 * Whether the program matches the text, from its first character on. No way is tried twice: the
 * work is the length of the text times that of the program.
 */
export function matches(program: Program, text: string): boolean {
  return new Matching(program, text).result();
}

/**
 * Goes from the text's end to its beginning, and knows at each position from which steps the end
 * can be reached.
 */
class Matching {
  readonly #steps: readonly Step[];
  readonly #blocks: readonly number[];
  readonly #text: string;
  #at: number;
  /** Per step: 1 if the end of its block can be reached from it at this position. */
  #here: Uint8Array;
  /** The same for the position after this one. */
  #next: Uint8Array;

  constructor({ steps, blocks }: Program, text: string) {
    this.#steps = steps;
    this.#blocks = blocks;
    this.#text = text;
    this.#at = text.length;
    this.#here = new Uint8Array(steps.length);
    this.#next = new Uint8Array(steps.length);
  }

  result(): boolean {
    for (; this.#at >= 0; this.#at--) {
      [this.#here, this.#next] = [this.#next.fill(0), this.#here];
      for (const [n, from] of this.#blocks.entries())
        this.#solve(from, this.#blocks[n + 1] ?? this.#steps.length);
    }
    return this.#here[this.#blocks.at(-1) ?? 0] === 1;
  }

  /** One block at this position. Repeated until nothing changes, because steps may lead back. */
  #solve(from: number, to: number): void {
    const here = this.#here;
    for (let hasChanged = true; hasChanged; ) {
      hasChanged = false;
      for (let n = to - 1; n >= from; n--) {
        const step = this.#steps[n];
        if (here[n] === 1 || step === undefined || !this.#reachesEnd(step, n)) continue;
        here[n] = 1;
        hasChanged = true;
      }
    }
  }

  #reachesEnd(step: Step, n: number): boolean {
    const here = this.#here;
    const text = this.#text;
    const at = this.#at;
    switch (step.op) {
      case "char":
        return this.#next[n + 1] === 1 && at < text.length && step.has(text.charCodeAt(at));
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
}
