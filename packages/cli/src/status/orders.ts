import { inWords } from "@brigade/core";
import type { Status } from "@brigade/ledger";
import { disobedient } from "../control/obedience.ts";

/** Returns what people have ordered, and which services do not obey it, in lines for people. */
export function describeOrders({ standing, services }: Pick<Status, "standing" | "services">): string[] {
  if (standing === undefined) return [];
  const { sources, drainedHosts } = standing;
  const held = sources.flatMap(({ source, hold }) =>
    hold === undefined ? [] : [inWords(`${source} is paused`, hold)],
  );
  const drained = drainedHosts.map((one) => inWords(`${one.host} is drained`, one));
  const isOrdered =
    held.length + drained.length + standing.drainedVolumes.length > 0 ||
    sources.some(({ limits }) => limits.length > 0);
  return isOrdered ? [...held, ...drained, ...disobedient(services)] : [];
}
