import type { BodyPlaces } from "./bodies/body-places.ts";
import type { Budgets } from "./budgets/budgets.ts";
import type { SourceHold } from "./source-hold.ts";
import type { Clock } from "./turns/clock.ts";
import type { Purpose } from "./turns/turn.ts";

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
  /** Over all servers of the source. */
  readonly bodies: BodyPlaces;
  /** Over all servers of the source. */
  readonly budgets: Budgets;
  readonly clock: Clock;
  /** Of the whole source. */
  readonly hold: Pick<SourceHold, "isOn" | "over">;
  readonly onChange: (change: PaceChange) => void;
  /** There is a place for a body that there was not before. */
  readonly onFreePlace: () => void;
  /** Returns the requests for bodies that wait for their turn, at all servers. */
  readonly waiting: () => number;
  /**
   * Milliseconds. A request that would wait longer because the server asked for that gets a
   * SourceError instead.
   */
  readonly patience: number;
}
