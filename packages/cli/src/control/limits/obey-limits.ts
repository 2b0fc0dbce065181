import type { ControlState } from "@brigade/core";
import type { ConfiguredSource } from "@brigade/sources";
import { type Obeying, type Share, shareOf, smallest } from "./share.ts";

/** Milliseconds between two looks at a schedule. The clock may be set at any time. */
const lookEvery = 500;

export interface ObeyLimitsOptions extends Obeying {
  /** What the command line allows besides. */
  readonly own?: Share | undefined;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Calls back every so many milliseconds until it is disposed of. */
  readonly every?: (ms: number, look: () => void) => Disposable;
}

/** Holds a source within what people allow, until it is disposed of. */
export function obeyLimits(
  { pacing }: { readonly pacing: Pick<ConfiguredSource["pacing"], "limit"> },
  control: Pick<ControlState, "onChange" | "current">,
  { own = {}, now = Date.now, every = repeat, ...who }: ObeyLimitsOptions,
): Disposable {
  let latest = "";
  let looking: Disposable | undefined;
  const look = () => {
    const told = control.current;
    const share = told === undefined ? own : smallest([own, shareOf(told, who, now())]);
    const text = JSON.stringify(share);
    if (text === latest) return;
    latest = text;
    pacing.limit(share);
  };
  const forget = control.onChange(({ limits }) => {
    look();
    const isScheduled = limits.some(({ schedule }) => schedule.length > 0);
    if (isScheduled) looking ??= every(lookEvery, look);
    else {
      looking?.[Symbol.dispose]();
      looking = undefined;
    }
  });
  look();
  return {
    [Symbol.dispose]() {
      forget();
      looking?.[Symbol.dispose]();
    },
  };
}

function repeat(ms: number, look: () => void): Disposable {
  return setInterval(look, ms).unref();
}
