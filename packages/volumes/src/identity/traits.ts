import { closeSync, mkdirSync, openSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { errorCode } from "../disk/disk-errors.ts";

/** What a volume's file system does to names; found out once, when the volume is made. */
export const traitsSchema = z.object({
  /**
   * Names that differ in case or Unicode normalisation only are two names, and come back as they
   * were given.
   */
  caseSensitive: z.boolean(),
  /**
   * Any byte but `/` and NUL may be in a name; false where `:`, a trailing dot and the like are
   * refused or dropped.
   */
  anyCharacter: z.boolean(),
  /** Only ASCII characters may be in a name. Absent: not found out, or others may be, too. */
  asciiOnly: z.literal(true).exactOptional(),
  /** Longest name of a file, bytes of UTF-8. */
  nameMax: z.int().min(64),
  /**
   * `portable`: whatever the file system accepts, names are made for all of them. Absent: names are
   * as the file system needs them.
   */
  names: z.literal("portable").exactOptional(),
});
export type Traits = z.infer<typeof traitsSchema>;

const composed = "\u00e9";
const decomposed = "e\u0301";

/** Probes by making files in a new folder `scratch`, which is removed again. */
export function probeTraits(scratch: string): Traits {
  mkdirSync(scratch);
  try {
    return {
      caseSensitive: keeps(scratch, ["probe", "PROBE", composed, decomposed]),
      anyCharacter: keeps(scratch, ["co:lon", 'q"*<>|?', "back\\slash", "line\nfeed", "dot.", "blank "]),
      ...(!keeps(scratch, ["\u4e2d", "\u044f", "\u{1f600}"]) && { asciiOnly: true }),
      nameMax: longestName(scratch),
    };
  } finally {
    rmdirSync(scratch);
  }
}

/** Whether all these names can lie in a folder side by side, and are listed as they were given. */
function keeps(folder: string, names: readonly string[]): boolean {
  const made = names.filter((name) => tryCreate(join(folder, name)));
  const listed = readdirSync(folder);
  for (const name of listed) unlinkSync(join(folder, name));
  return made.length === names.length && names.every((name) => listed.includes(name));
}

function longestName(folder: string): number {
  let fits = 64;
  let tooLong = 256;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    const path = join(folder, "n".repeat(middle));
    if (tryCreate(path)) {
      unlinkSync(path);
      fits = middle;
    } else {
      tooLong = middle;
    }
  }
  return fits;
}

const refusals: ReadonlySet<string> = new Set([
  "EEXIST",
  "EINVAL",
  "ENAMETOOLONG",
  "EILSEQ",
  "ENOENT",
  "EPERM",
]);

/**
 * Returns `false` if the file system refuses the name, or takes it for one that is there. Throws
 * other errors.
 */
function tryCreate(path: string): boolean {
  try {
    closeSync(openSync(path, "wx"));
    return true;
  } catch (error) {
    if (refusals.has(errorCode(error))) return false;
    throw error;
  }
}
