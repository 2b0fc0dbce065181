import type { Purpose } from "./turn.ts";

/** What was learnt of a server, for the log. Rates are requests a second. */
export type PaceChange =
  | { readonly kind: "rate"; readonly origin: string; readonly purpose: Purpose; readonly perSecond: number }
  | { readonly kind: "ban"; readonly origin: string; readonly purpose: Purpose; readonly perSecond: number }
  | { readonly kind: "connections"; readonly origin: string; readonly limit: number; readonly why: string };
