import type { Forecast } from "@brigade/ledger";
import { formatBytes, span } from "../terminal/units.ts";

/** Returns what is to be said of the room that disks have; `undefined` if it suffices, as far as is known. */
export function describeForecast({ missing, isListing, full: [first] }: Forecast): string | undefined {
  const full =
    first === undefined ? undefined : `${first.label ?? first.volume} full in ${span(first.seconds * 1_000)}`;
  const more =
    missing === 0 ? undefined : `${isListing ? "at least " : ""}${formatBytes(missing)} more needed`;
  return full === undefined && more === undefined
    ? undefined
    : [full, more].filter((text) => text !== undefined).join("; ");
}
