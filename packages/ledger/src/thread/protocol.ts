import type { EncodedError } from "@brigade/core";
import type { Rooms } from "./rooms.ts";

/** What the thread is started with. */
export interface CatalogueThreadData {
  readonly path: string;
  /** Bytes of the database that stay in memory; `undefined` for the usual number. */
  readonly cacheBytes: number | undefined;
}

/**
 * Questions to the thread and its answers. They stay within the process, so they are typed, not
 * parsed.
 */
export interface Question {
  readonly id: number;
  readonly to: "open" | Address;
  readonly args: readonly unknown[];
}
export type Answer = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly error: EncodedError }
);

/** The room, and the name of its method. */
type Address = readonly [room: keyof Rooms, method: string];
