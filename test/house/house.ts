/**
 * Holds the structure of the repository, beside what Biome and knip hold: how many files stand in one folder, and that
 * the paths in the documents exist. Prints one line per fault; exit code 1 if there is one.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { crowdedFolders } from "./crowded-folders.ts";
import { missingPaths } from "./missing-paths.ts";

const checkout = resolve(import.meta.dirname, "../..");

function trackedFiles(): string[] {
  const text = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: checkout,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return text.split("\n").filter((path) => path !== "");
}

const files = trackedFiles();
const documents = files
  .filter((path) => path.endsWith(".md"))
  // It tells of paths that were.
  .filter((path) => path !== "CHANGELOG.md")
  .map((path) => ({ path, text: readFileSync(join(checkout, path), "utf8") }));
const faults = [...crowdedFolders(files), ...missingPaths(documents, files)];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
