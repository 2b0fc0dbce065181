import type { Log } from "@brigade/core";
import type { ConfiguredSource, PaceChange } from "@brigade/sources";

/**
 * Logs how the pace of requests to a source changes, and what the source does otherwise than it was
 * told.
 */
export function logSource({ pacing, notices }: ConfiguredSource, log: Log): void {
  if (notices !== undefined) notices.onNotice = (line) => log.warn({}, line);
  const slowed = new Set<string>();
  pacing.onChange = (change) => {
    switch (change.kind) {
      case "ban":
        log.warn(
          rounded(change),
          "the server refuses everything for a while: that rate is not tried again for ten minutes",
        );
        return;
      case "steady":
        log.info(
          { ...change, refusedShare: Math.round(change.refusedShare * 100) / 100 },
          "the server refuses as large a share of fewer requests: they are not paced for that",
        );
        return;
      case "connections":
        log.info(change, "the server serves fewer connections than were opened: as many are used");
        return;
      case "rate": {
        const which = `${change.origin} ${change.purpose}`;
        if (slowed.has(which)) return log.debug(rounded(change), "the pace changes");
        slowed.add(which);
        log.info(rounded(change), "the server refuses faster requests: they are paced from now on");
      }
    }
  };
}

function rounded<C extends PaceChange & { perSecond: number }>(change: C): C {
  return { ...change, perSecond: Math.round(change.perSecond * 10) / 10 };
}
