import { dirname, join, normalize } from "node:path";

export interface Document {
  readonly path: string;
  readonly text: string;
}

/**
 * `packages/core/src/job.ts`, `test/disks/`; also without `packages/`, as documents write paths
 * within a package.
 */
const named =
  /(?<![\w/.@-])((?:packages|test|docs|deploy)\/[\w./-]*[\w/]|[a-z]+\/(?:src|test)\/[\w./-]*[\w/])/g;
const linked = /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g;

/** Returns a line per path that a document names and that does not exist. */
export function missingPaths(documents: readonly Document[], files: readonly string[]): string[] {
  const known = new Set(files.flatMap((file) => [file, ...foldersOf(file)]));
  const exists = (path: string) => known.has(normalize(path).replace(/\/$/, ""));
  return documents.flatMap(({ path, text }) => {
    const plain = withoutPatterns(text);
    const inText = [...plain.matchAll(named)].map(([, name = ""]) => name);
    const inLinks = [...text.matchAll(linked)].map(([, target = ""]) => target);
    const missing = new Set([
      ...inText.filter((name) => !exists(name) && !exists(join("packages", name)) && !isMade(name)),
      ...inLinks.filter((target) => !exists(join(dirname(path), target))),
    ]);
    return [...missing].map((name) => `${path}: there is no ${name}`);
  });
}

/** Returns whether users make this path themselves. */
function isMade(name: string): boolean {
  return name.startsWith("deploy/certificates/");
}

function foldersOf(file: string): string[] {
  const folder = dirname(file);
  return folder === "." ? [] : [folder, ...foldersOf(folder)];
}

/** Returns the text without words that have wildcards or placeholders, which name no path. */
function withoutPatterns(text: string): string {
  return text.replaceAll(/[^\s`'"()]*[*<>{}$…][^\s`'"()]*/g, " ");
}
