import { SourceError } from "@brigade/core";
import { PrivateAddress } from "./reach.ts";

/**
 * The address may not be connected to: no waiting helps, and others are not concerned. `undefined`
 * for other errors.
 */
export function reachFault(error: Error, { name }: { readonly name: string }): SourceError | undefined {
  if (!(error instanceof PrivateAddress)) return undefined;
  return new SourceError("forbidden", `${name}: not asked: ${error.message}`, { cause: error });
}
