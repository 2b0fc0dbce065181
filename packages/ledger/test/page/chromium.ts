import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * The browser's executable: CHROMIUM, else one in PATH, else (root on Debian) a freshly installed
 * one. Throws when there is none.
 */
export function findChromium(told: (what: string) => void): string {
  const found = process.env.CHROMIUM ?? inPath();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0) {
    throw new Error("no chromium here: install one, or say where it is with CHROMIUM=/path/to/chromium");
  }
  told("there is no chromium: apt-get installs the package chromium");
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
    const { status, stderr } = spawnSync("apt-get", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`apt-get ${args.join(" ")} ended with ${status}: ${stderr}`);
  }
  const installed = inPath();
  if (installed === undefined) throw new Error("apt-get has installed chromium, but it is not in PATH");
  return installed;
}

function inPath(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
