import { SourceError } from "@brigade/core";
import { remember } from "../../http/origins/remember.ts";

/** Directories whose contents are kept, the latest. */
const mostKnown = 10_000;
/**
 * The greatest number of directories above one that may hold the same: a tree that holds itself has
 * no end.
 */
const mostAlike = 1;
/** Parts of a path. Deeper directories are not listed. */
const deepest = 128;

interface Listing {
  readonly hasDirectories: boolean;
  /** Digest of its contents. */
  readonly digest: string;
}

/**
 * Symbolic links on a server may lead back to a directory above them, and then there is no end of
 * directories. Such a directory holds the same as several above it.
 */
export class Loops {
  readonly #digestOf: (directory: string, signal: AbortSignal) => Promise<string>;
  readonly #known = new Map<string, string>();

  /** `digestOf`: for a directory that is not kept. */
  constructor(digestOf: (directory: string, signal: AbortSignal) => Promise<string>) {
    this.#digestOf = digestOf;
  }

  /**
   * Throws SourceError if the directory's contents, or its depth, show that the tree has no end.
   */
  async check(directory: string, { hasDirectories, digest }: Listing, signal: AbortSignal): Promise<void> {
    const parts = directory === "" ? [] : directory.split("/");
    remember(this.#known, directory, digest, mostKnown);
    if (parts.length > deepest) throw endless(`it lies more than ${deepest} directories deep`, directory);
    if (!hasDirectories) return;
    // A path in a circle repeats a directory's name at some point: only then a request is worth it.
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
      // Directories above the copied one may be closed to us.
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
