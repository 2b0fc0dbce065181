import { lstatSync } from "node:fs";
import { HostError } from "@brigade/core";
import type { Layout } from "./identity.ts";

/**
 * Throws HostError when the volume's disk is no longer what it was: unmounted, or something mounted
 * over it.
 */
export function mountGuard(layout: Layout): () => void {
  const { dev } = lstatSync(layout.identity);
  return () => {
    if (lstatSync(layout.identity, { throwIfNoEntry: false })?.dev === dev) return;
    throw new HostError(
      "io",
      `${layout.root} is no longer the volume that was opened: was its disk unmounted?`,
    );
  };
}
