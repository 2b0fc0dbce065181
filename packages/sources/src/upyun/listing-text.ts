import type { FileEntry } from "@brigade/core";
import { overLimit, pageLimits } from "../pages/limits.ts";
import { printable } from "./error-reply.ts";

/** Far more than are asked for at once. They are one page: none of them waits in a file. */
export const mostRows = pageLimits.inMemory;

/** Each of these is told with its text. */
export const mostUnreadable = 10_000;
export const tooUnreadable = `more than ${mostUnreadable.toLocaleString("en")} rows that cannot be read`;

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
 * be read, the page may have been cut; and where most cannot, it may be something else. Throws SourceError where it is over a limit.
 */
export async function readTextListing(pieces: AsyncIterable<string>): Promise<Rows> {
  const page = new TextPage();
  for await (const piece of pieces) page.push(piece);
  return page.end();
}

class TextPage {
  readonly #files: FileEntry[] = [];
  readonly #directories: string[] = [];
  #rest = "";
  #rows = 0;
  #unreadable = 0;
  #last: Row | undefined;
  /** A row that is too short: the next one tells what it may be. */
  #short: { readonly line: string; readonly problem: string } | undefined;

  push(piece: string): void {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#add(line);
    if (this.#rest.length > pageLimits.entryLength)
      throw overLimit(`a row of more than ${pageLimits.entryLength / 1024} KiB`);
  }

  end(): Rows {
    if (this.#rest !== "") this.#add(this.#rest);
    this.#settleShort(undefined);
    const last = this.#last;
    const cut = last !== undefined && "problem" in last ? `row ${this.#rows} ${last.problem}` : undefined;
    const isDoubtful = cut !== undefined || this.#unreadable * 2 > this.#rows;
    const why = cut ?? `${this.#unreadable} of ${this.#rows} rows cannot be read`;
    return { files: this.#files, directories: this.#directories, ...(isDoubtful && { doubt: why }) };
  }

  #add(line: string): void {
    this.#settleShort(line);
    if (++this.#rows > mostRows) throw overLimit(`more than ${mostRows.toLocaleString("en")} rows`);
    const row = afterRow(this.#last, readRow(line));
    this.#last = row;
    if ("file" in row) this.#files.push(row.file);
    else if ("directory" in row) this.#directories.push(row.directory);
    else {
      if (++this.#unreadable > mostUnreadable) throw overLimit(tooUnreadable);
      const problem = `row ${this.#rows} ${row.problem}`;
      if (row.isShort) this.#short = { line, problem };
      else this.#files.push(unreadableRow(line, problem, !isFile(line)));
    }
  }

  #settleShort(next: string | undefined): void {
    if (this.#short === undefined) return;
    const { line, problem } = this.#short;
    this.#files.push(unreadableRow(line, problem, !isFile(next)));
    this.#short = undefined;
  }
}

type Row =
  | { readonly file: FileEntry }
  | { readonly directory: string }
  | { readonly problem: string; readonly isShort: boolean };

const columnsOfRow = 4;

/** A name with a LF in it makes a short row, and its end a row that looks like another name's. */
function afterRow(last: Row | undefined, row: Row): Row {
  if (last === undefined || !("problem" in last && last.isShort) || "problem" in row) return row;
  return { problem: "may be the rest of the row before it, which is too short", isShort: false };
}

function readRow(line: string): Row {
  const columns = line.split("\t");
  const [name, type, size, seconds] = columns;
  const broken = (problem: string) => ({ problem, isShort: columns.length < columnsOfRow });
  if (columns.length !== columnsOfRow || name === undefined || size === undefined || seconds === undefined)
    return broken(`has ${columns.length} columns, not ${columnsOfRow}`);
  if (type === "F") return { directory: name };
  if (type !== "N") return broken(`is of type ${JSON.stringify(type)}, neither N nor F`);
  if (!/^\d{1,16}$/.test(size) || !/^-?\d{1,12}$/.test(seconds)) return broken("has no proper size and time");
  const bytes = Number(size);
  if (!Number.isSafeInteger(bytes)) return broken("has a size beyond reason");
  return { file: { name, size: bytes, modified: Number(seconds) } };
}

/** Whether the row, or the end of one, is a file's whatever else is wrong with it: its type comes third from its end. */
function isFile(line: string | undefined): boolean {
  return line?.split("\t").at(1 - columnsOfRow) === "N";
}

function unreadableRow(line: string, problem: string, mayBeDirectory: boolean): FileEntry {
  const name = printable(line) || "(an empty row)";
  const below = mayBeDirectory ? "; it may be a directory, then all that lies below it is missing" : "";
  return {
    name,
    problem: `${problem} of the listing; UPYUN_LIST_FORMAT=json lists such names${below}`,
    ...(mayBeDirectory && { mayBeDirectory }),
  };
}
