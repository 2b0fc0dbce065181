import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const atOnce = 16;

/**
 * Removes a folder, with many subfolders at once: unlinking a synced file can take some
 * milliseconds.
 */
export async function removeTree(root: string): Promise<void> {
  const folders = leavesOf(root);
  const shares = Array.from({ length: atOnce }, (_, share) =>
    folders.filter((_, n) => n % atOnce === share),
  ).filter((share) => share.length > 0);
  await Promise.all(
    shares.map((share) => once(spawn("rm", ["-rf", "--", ...share], { stdio: "inherit" }), "close")),
  );
  rmSync(root, { recursive: true, force: true });
}

/** Folders without subfolders. */
function leavesOf(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return below.length === 0 ? [folder] : below.flatMap(({ name }) => leavesOf(join(folder, name)));
}
