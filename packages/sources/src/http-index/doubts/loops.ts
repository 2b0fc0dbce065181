import { SourceError } from "@brigade/core";
import { remember } from "../../http/remember.ts";

/** Directories whose contents are remembered, the latest. */
const mostKnown = 10_000;
/** Directories above one that may hold the same as it does: a tree that holds itself goes on for ever. */
const mostAlike = 1;
/** Parts of a path: deeper, nothing is looked for. */
const deepest = 128;

interface Listing {
  readonly hasDirectories: boolean;
  /** Tells what it holds. */
  readonly digest: string;
}

/**
 * Symbolic links on a server may lead back to a directory above them, and then there is no end of directories. Such a one shows
 * by holding the same as several above it.
 */
export class Loops {
  readonly #digestOf: (directory: string, signal: AbortSignal) => Promise<string>;
  readonly #known = new Map<string, string>();

  /** `digestOf`: of a directory that is not remembered. */
  constructor(digestOf: (directory: string, signal: AbortSignal) => Promise<string>) {
    this.#digestOf = digestOf;
  }

  /** Throws SourceError where the directory's contents, or its depth, show that the tree has no end. */
  async check(directory: string, { hasDirectories, digest }: Listing, signal: AbortSignal): Promise<void> {
    const parts = directory === "" ? [] : directory.split("/");
    remember(this.#known, directory, digest, mostKnown);
    if (parts.length > deepest) throw endless(`it lies more than ${deepest} directories deep`, directory);
    if (!hasDirectories) return;
    // A path that goes round names a directory again, sooner or later: only then it is worth a request.
    const name = parts.at(-1) ?? "";
    const goesRound = parts.indexOf(name) < parts.length - 1;
    const alike: string[] = [];
    for (let depth = parts.length - 1; depth >= 0; depth--) {
      const above = parts.slice(0, depth).join("/");
      const known = this.#known.get(above) ?? (goesRound ? await this.#ask(above, signal) : undefined);
      if (known === digest) alike.push(`"${above}/"`);
    }
    if (alike.length > mostAlike) throw endless(`it holds the same as ${alike.join(" and ")}`, directory);
  }

  async #ask(directory: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const digest = await this.#digestOf(directory, signal);
      remember(this.#known, directory, digest, mostKnown);
      return digest;
    } catch (error) {
      // Above what is copied, it need not be ours to see.
      if (error instanceof SourceError) return undefined;
      throw error;
    }
  }
}

function endless(why: string, directory: string): SourceError {
  const loop = directory.split("/").at(-1);
  return new SourceError(
    "forbidden",
    `list "${directory}/": ${why}: most likely a symbolic link on the server leads back to a directory above it (--exclude "${loop}" leaves it out)`,
  );
}
