import type { Progress } from "@brigade/ledger";
import { formatBytes } from "../terminal/units.ts";

type Accounts = Pick<Progress, "listed" | "stored" | "unchanged" | "vanished" | "failed" | "listingFinished">;

/**
 * Returns how much more room what is listed needs, in words; "" if there is enough. `usableBytes`:
 * above the floors of all volumes that can be used.
 */
export function describeMissingRoom(accounts: Accounts, usableBytes: number): string {
  const missing = missingBytes(accounts, usableBytes);
  if (missing <= 0) return "";
  const atLeast = accounts.listingFinished ? "" : "at least ";
  return `${atLeast}${formatBytes(missing)} (${missing} bytes) more needed`;
}

/** Bytes of what is listed and has no outcome, less the room. */
function missingBytes(accounts: Accounts, usableBytes: number): number {
  const { listed, stored, unchanged, vanished, failed } = accounts;
  const settled = [stored, unchanged, vanished, failed].reduce((sum, { bytes }) => sum + bytes, 0);
  return listed.bytes - settled - usableBytes;
}
