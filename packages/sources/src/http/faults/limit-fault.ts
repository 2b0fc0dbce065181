import { HostError, processLimits } from "@brigade/core";
import type { Route } from "../origins/route.ts";
import { codeOf } from "./seen.ts";
import { SocksError } from "./socks-error.ts";

/**
 * Returns the error if this machine could make no connection, with any server; `undefined` for
 * other errors.
 */
export function limitFault(error: Error, { name }: Route): HostError | undefined {
  // The library `socks` wraps the system's errors in its own.
  const code = error instanceof SocksError ? /\bE[A-Z]+\b/.exec(error.message)?.[0] : codeOf(error);
  const remedy = code === undefined ? undefined : processLimits[code];
  if (remedy === undefined) return undefined;
  return new HostError("limits", `${name}: no connection can be opened (${code}): ${remedy}`, {
    cause: error,
  });
}
