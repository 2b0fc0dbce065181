import { z } from "zod";
import { type Delay, delayOf, delays } from "../retrying/pauses.ts";

const count = z.int().nonnegative();

/**
 * Carried by a message whose processes died again and again while they had it in hand.
 *
 * - `rests`    nobody is to have it in hand for a while: does a process live longer without it?
 * - `alone`    the next process that has nothing else in hand takes it. One that is lost then has died of it, or by chance
 * - `company`  it is handled among others again: no process died of it, or none lives long enough
 *   for anything to be learnt
 */
export const suspicionSchema = z.object({
  stage: z.enum(["rests", "alone", "company"]),
  /** Processes that died while they handled it alone, in a row. */
  deaths: count,
  /**
   * Milliseconds that a process must have lived before it handles it alone: clearly longer than the
   * last that died of it.
   */
  age: count,
  /** Milliseconds that it has rested in a row, or waited for whoever asked for it. */
  rested: count,
});
export type Suspicion = z.infer<typeof suspicionSchema>;

/** From this many lost deliveries on, a message is suspected of killing its process. */
const suspectFrom = 2;
/** Processes that must have died of a single piece of work, handled alone. */
const deadlyFrom = 4;
/**
 * Milliseconds: the youngest process that handles a suspect alone; an age at which any process is
 * old enough.
 */
const youngest = 5_000;
const oldest = 300_000;
/** Milliseconds: the shortest and the longest time that a suspect is alone. */
const shortestWindow = 2_500;
const longestWindow = 60_000;
/** Milliseconds that whoever asked for a suspect has until another asks. */
const patience = 10_000;

/** What a process may know of a delivery. */
export interface Evidence {
  readonly suspicion: Suspicion | undefined;
  /** Deliveries of this message, as it is, that were lost: their process died. */
  readonly losses: number;
  /** Pieces of work in it. */
  readonly pieces: number;
  /** Milliseconds that this process has lived. */
  readonly lived: number;
  /** This process has nothing else in hand, and had nothing when it got the delivery. */
  readonly isAlone: boolean;
}

/**
 * - `ordinary`  handle it among others
 * - `alone`     handle it for so long, milliseconds
 * - `later`     it comes again after `delay` with this suspicion; `split`: in smaller messages. `prepare`: this process
 *               may take it when it has nothing else in hand
 * - `deadly`    it is the end of every process that handles it
 */
export type Treatment =
  | { readonly kind: "ordinary" }
  | { readonly kind: "alone"; readonly windowMs: number; readonly survived: Suspicion }
  | {
      readonly kind: "later";
      readonly suspicion: Suspicion;
      readonly delay: Delay;
      readonly split: boolean;
      readonly prepare: boolean;
    }
  | { readonly kind: "deadly"; readonly deaths: number };

/**
 * Three things must come together before work is called deadly: it was handled alone; it was being
 * handled each time that the process died; and the process had lived clearly longer without it. So
 * whoever kills processes every few seconds makes nothing deadly: none of them lives long enough to
 * prove anything, and what they had in hand is handled as ever.
 */
export function treat(evidence: Evidence): Treatment {
  const { suspicion, losses, lived, isAlone } = evidence;
  if (suspicion === undefined)
    return losses < suspectFrom ? { kind: "ordinary" } : resting({ deaths: 0, age: youngest }, lived);
  const { stage, deaths, age, rested } = suspicion;
  if (losses > 0) return stage === "alone" ? afterDeathAlone(evidence, suspicion) : resting(suspicion, lived);
  if (stage === "company") return { kind: "ordinary" };
  if (lived < age) {
    // Where processes do not live that long, work must go on all the same.
    if (stage === "rests" && rested >= 2 * age) return { kind: "ordinary" };
    return resting(suspicion, lived, stage === "rests" ? rested : 0);
  }
  // As it waited to be alone, this process may have become much older than is written there.
  const isFresh = Math.min(oldest, lived) <= 1.2 * age + 1_000;
  if (stage === "alone" && isAlone && isFresh) {
    const windowMs = Math.min(longestWindow, Math.max(shortestWindow, age / 4));
    const survived = { stage: "company", deaths: 0, age: Math.min(oldest, 3 * age), rested: 0 } as const;
    return { kind: "alone", windowMs, survived };
  }
  // Whoever asked for it may still be waiting for what it has in hand.
  if (stage === "alone" && !isAlone && rested < patience)
    return later({ stage, deaths, age, rested: rested + patience }, delayOf(patience));
  const asked = { stage: "alone", deaths, age: Math.min(oldest, Math.floor(lived)), rested: 0 } as const;
  return { ...later(asked, delays[0]), prepare: true };
}

function afterDeathAlone({ pieces, lived }: Evidence, { deaths, age }: Suspicion): Treatment {
  if (pieces > 1) return { ...resting({ deaths: 0, age }, lived), split: true };
  if (deaths + 1 >= deadlyFrom) return { kind: "deadly", deaths: deaths + 1 };
  return resting({ deaths: deaths + 1, age: olderThan(age) }, lived);
}

/** Until this process is old enough, if it lives. */
function resting({ deaths, age }: Pick<Suspicion, "deaths" | "age">, lived: number, rested = 0) {
  const wait = delays.findLast((delay) => delay <= Math.max(delays[0], age - lived)) ?? delays[0];
  return later({ stage: "rests", deaths, age, rested: rested + wait }, wait);
}

function later(suspicion: Suspicion, delay: Delay) {
  return { kind: "later", suspicion, delay, split: false, prepare: false } as const;
}

/** Longer than a process that handled it alone at that age can have lived. */
function olderThan(age: number): number {
  return Math.min(oldest, Math.ceil(1.5 * age));
}
