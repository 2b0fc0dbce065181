/**
 * Checks what Biome and knip do not: how many files stand in one folder, that folders do not import
 * from each other in a circle, that the paths in the documents exist, and that prose has at most 100
 * columns. Prints one line per fault. The exit code is 1 if there is a fault.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { crowdedFolders } from "./crowded-folders.ts";
import { folderCircles } from "./folder-circles.ts";
import { longLines } from "./long-lines.ts";
import { missingPaths } from "./missing-paths.ts";

const checkout = resolve(import.meta.dirname, "../..");

function trackedFiles(): string[] {
  const text = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: checkout,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  // A file that was just removed is still in git's index.
  return text.split("\n").filter((path) => path !== "" && existsSync(join(checkout, path)));
}

function read(path: string): { readonly path: string; readonly text: string } {
  return { path, text: readFileSync(join(checkout, path), "utf8") };
}

function sources(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path));
}

const files = trackedFiles();
const withProse =
  /\.md$|^deploy\/.*\.(sh|conf|yml|service)$|^(\.env\.example|docker-compose\.yml|Dockerfile|\.ci\/run)$/;
const prose = files.filter((path) => withProse.test(path)).map(read);
// The CHANGELOG names paths that do not exist any more.
const documents = prose.filter(({ path }) => path.endsWith(".md") && path !== "CHANGELOG.md");
const faults = [
  ...crowdedFolders(files),
  ...folderCircles(sources(files).map(read)),
  ...longLines(prose),
  ...missingPaths(documents, files),
];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
