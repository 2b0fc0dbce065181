import type { ControlState } from "@brigade/core";
import type { ConfiguredSource } from "@brigade/sources";

/** Lets no request of a source start while people have paused it, until it is disposed of. */
export function obeyHold(
  { pacing }: Pick<ConfiguredSource, "pacing">,
  control: Pick<ControlState, "onChange">,
): Disposable {
  const forget = control.onChange(({ hold }) => (hold === undefined ? pacing.release() : pacing.hold()));
  return { [Symbol.dispose]: forget };
}
