import { closeSync, lstatSync, openSync, readFileSync } from "node:fs";
import { HostError } from "@brigade/core";
import type { EnteredFolder } from "../own-files/entered-folder.ts";
import type { Layout } from "./identity.ts";

/**
 * Returns a check that throws HostError if the volume's disk was unmounted, or something was
 * mounted over it.
 */
export function mountGuard(layout: Layout): () => void {
  const { dev } = lstatSync(layout.identity);
  return () => {
    if (lstatSync(layout.identity, { throwIfNoEntry: false })?.dev === dev) return;
    throw unmounted(layout.root);
  };
}

/**
 * Throws HostError if the root was mounted again since this folder of the volume was entered. It is
 * the same file system then, but no file of the folder can be given a name below the root.
 */
export function refuseOtherMount({ root }: Layout, folder: EnteredFolder): void {
  const [held, now] = [mountOf(folder.at(".")), mountOf(root)];
  if (held !== undefined && now !== undefined && held !== now) throw unmounted(root);
}

/** Returns Linux's number of the mount; `undefined` if the system does not say. */
function mountOf(path: string): string | undefined {
  try {
    const descriptor = openSync(path, "r");
    try {
      return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1];
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined; // then the error that was seen is what is known
  }
}

function unmounted(root: string): HostError {
  return new HostError("gone", `${root} is no longer the volume that was opened: was its disk unmounted?`);
}
