import type { Clock } from "./turns/clock.ts";
import type { Purpose } from "./turns/turn.ts";

/** Bodies under way, over all servers of a source. */
export interface Bodies {
  readonly most: number;
  running: number;
  /** Bytes of all answers. */
  received: number;
}

/** Findings about a server, for the log. Rates are requests per second. */
export type PaceChange =
  | { readonly kind: "rate"; readonly origin: string; readonly purpose: Purpose; readonly perSecond: number }
  | { readonly kind: "ban"; readonly origin: string; readonly purpose?: Purpose; readonly perSecond: number }
  | {
      /** Slowing down does not help: this share of the requests is refused at any rate. */
      readonly kind: "steady";
      readonly origin: string;
      readonly purpose: Purpose;
      readonly refusedShare: number;
    }
  | { readonly kind: "connections"; readonly origin: string; readonly limit: number; readonly why: string };

export interface PaceOptions {
  readonly bodies: Bodies;
  readonly clock: Clock;
  readonly onChange: (change: PaceChange) => void;
  readonly onBodyEnded: () => void;
  /**
   * Milliseconds. A request that would wait longer because the server asked for that gets a
   * SourceError instead.
   */
  readonly patience: number;
}
