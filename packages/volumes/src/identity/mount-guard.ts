import { lstatSync } from "node:fs";
import { HostError } from "@brigade/core";
import type { Layout } from "./identity.ts";

/**
 * Returns a check that throws HostError if the volume's disk was unmounted, or something was
 * mounted over it.
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
