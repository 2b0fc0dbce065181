import type { FileEntry } from "@brigade/core";

/** The rows of a page, without its cursor. */
export interface Rows {
  readonly files: readonly FileEntry[];
  readonly directories: readonly string[];
}

/**
 * A text page: rows between LF, each `name TAB type TAB size TAB seconds`, type N (file) or F (directory). Names are
 * raw. Invalid UTF-8 becomes U+FFFD in its own row, since a decoder never swallows a TAB or an LF. Throws a plain
 * Error that says which row is wrong and why.
 */
export function parseTextListing(body: Uint8Array): Rows {
  const files: FileEntry[] = [];
  const directories: string[] = [];
  // Not TextDecoder: that drops a byte order mark, which may begin a name.
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  let row = 0;
  for (let from = 0; from < text.length; row++) {
    const lineFeed = text.indexOf("\n", from);
    const to = lineFeed === -1 ? text.length : lineFeed;
    parseRow(text.slice(from, to), row, files, directories);
    from = to + 1;
  }
  return { files, directories };
}

function parseRow(line: string, row: number, files: FileEntry[], directories: string[]): void {
  const columns = line.split("\t");
  const [name, type, size, seconds] = columns;
  if (columns.length !== 4 || name === undefined || size === undefined || seconds === undefined)
    throw new Error(`row ${row + 1} has ${columns.length} columns, not 4`);
  if (type === "F") {
    directories.push(name);
    return;
  }
  if (type !== "N") throw new Error(`row ${row + 1} is of type ${JSON.stringify(type)}, neither N nor F`);
  if (!/^\d{1,16}$/.test(size) || !/^-?\d{1,12}$/.test(seconds))
    throw new Error(`row ${row + 1} has no proper size and time`);
  const bytes = Number(size);
  if (!Number.isSafeInteger(bytes)) throw new Error(`row ${row + 1} has a size beyond reason`);
  files.push({ name, size: bytes, modified: Number(seconds) });
}
