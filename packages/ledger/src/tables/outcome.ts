import type { Outcome } from "@brigade/core";

/**
 * An outcome as one byte in the accounts of a page. The higher one wins when reports compete. 0:
 * none yet.
 */
export const codes = { failed: 1, vanished: 2, unchanged: 3, stored: 4 } as const satisfies Record<
  Outcome,
  number
>;
export type Code = (typeof codes)[Outcome];

export const nameOf: Record<Code, Outcome> = { 1: "failed", 2: "vanished", 3: "unchanged", 4: "stored" };

/**
 * A byte that stands for no outcome: the object failed, and is to be tried again. Any report
 * replaces it.
 */
export const again = 5;

/** Whether the byte stands for an outcome. */
export function isCode(byte: number): byte is Code {
  return byte >= 1 && byte <= 4;
}

/** If all bytes are equal, one byte stands for all. Only for a page whose count is known. */
export function pack(outcomes: Uint8Array): Uint8Array {
  const first = outcomes[0];
  return first !== undefined && outcomes.every((byte) => byte === first) ? outcomes.subarray(0, 1) : outcomes;
}

export function unpack(packed: Uint8Array, count: number): Uint8Array {
  const outcomes = new Uint8Array(count);
  if (packed.length === 1) outcomes.fill(packed[0] ?? 0);
  else outcomes.set(packed);
  return outcomes;
}
