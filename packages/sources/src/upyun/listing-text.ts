import type { FileEntry } from "@brigade/core";
import { printable } from "./error-reply.ts";

/** The rows of a page, without its cursor. */
export interface Rows {
  /** Those that cannot be read are among them, by their text, with the problem. */
  readonly files: readonly FileEntry[];
  readonly directories: readonly string[];
  /** Why the page may be a broken one: what is wrong with it cannot be the names in it alone. */
  readonly doubt?: string;
}

/**
 * A text page: rows between LF, each `name TAB type TAB size TAB seconds`, type N (file) or F (directory). Names are
 * raw: one with a TAB or a LF in it makes rows that cannot be read, and these alone are problems. But where the last row cannot
 * be read, the page may have been cut; and where most cannot, it may be something else.
 */
export function parseTextListing(body: Uint8Array): Rows {
  const files: FileEntry[] = [];
  const directories: string[] = [];
  // Not TextDecoder: that drops a byte order mark, which may begin a name.
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  let row = 0;
  let unreadable = 0;
  let problem: string | undefined;
  for (let from = 0; from < text.length; row++) {
    const lineFeed = text.indexOf("\n", from);
    const to = lineFeed === -1 ? text.length : lineFeed;
    problem = parseRow(text.slice(from, to), files, directories);
    if (problem !== undefined) {
      problem = `row ${row + 1} ${problem}`;
      unreadable++;
      files.push(unreadableRow(text.slice(from, to), problem));
    }
    from = to + 1;
  }
  const isDoubtful = problem !== undefined || unreadable * 2 > row;
  return {
    files,
    directories,
    ...(isDoubtful && { doubt: problem ?? `${unreadable} of ${row} rows cannot be read` }),
  };
}

function unreadableRow(line: string, problem: string): FileEntry {
  const name = printable(line) || "(an empty row)";
  return { name, problem: `${problem} of the listing; UPYUN_LIST_FORMAT=json lists such names` };
}

/** Returns what is wrong with it, or `undefined`. */
function parseRow(line: string, files: FileEntry[], directories: string[]): string | undefined {
  const columns = line.split("\t");
  const [name, type, size, seconds] = columns;
  if (columns.length !== 4 || name === undefined || size === undefined || seconds === undefined)
    return `has ${columns.length} columns, not 4`;
  if (type === "F") {
    directories.push(name);
    return undefined;
  }
  if (type !== "N") return `is of type ${JSON.stringify(type)}, neither N nor F`;
  if (!/^\d{1,16}$/.test(size) || !/^-?\d{1,12}$/.test(seconds)) return "has no proper size and time";
  const bytes = Number(size);
  if (!Number.isSafeInteger(bytes)) return "has a size beyond reason";
  files.push({ name, size: bytes, modified: Number(seconds) });
  return undefined;
}
