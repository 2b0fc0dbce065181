import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ConfigError, type Log } from "@brigade/core";
import { type Durability, type LocalVolume, openVolume } from "@brigade/volumes";
import { readKnownVolumes, writeKnownVolumes } from "./known-volumes.ts";
import { together } from "./together.ts";

/**
 * Opens the folders named on the command line, making them volumes where they are not. A folder that was a volume in an
 * earlier run and is none now is an unmounted disk: refused, so that nothing fills the disk below it.
 */
export async function openVolumes(
  roots: readonly string[],
  state: string,
  durability: Durability,
  log: Log,
  resources: AsyncDisposableStack,
): Promise<LocalVolume[]> {
  const known = readKnownVolumes(state);
  const lost = roots.filter((root) => root in known && !existsSync(join(root, ".brigade", "volume.json")));
  if (lost.length > 0) {
    throw new ConfigError(lost.map((root) => `${root} was a volume and is none now: is its disk mounted?`));
  }
  const volumes = await together(
    roots.map(async (root) => {
      await mkdir(root, { recursive: true });
      const instance = crypto.randomUUID().slice(0, 8);
      return resources.use(
        await openVolume(root, { init: true, instance, durability, log, host: hostname() }),
      );
    }),
  );
  const ids = Object.fromEntries(volumes.map(({ root, id }) => [root, id]));
  writeKnownVolumes(state, { ...known, ...ids });
  return volumes;
}

/** Throws ConfigError when a root is named twice. */
export function checkRoots(roots: readonly string[]): void {
  if (new Set(roots).size !== roots.length) throw new ConfigError(["a volume is named twice"]);
}
