import type { FileEntry } from "@brigade/core";
import { overLimit, pageLimits } from "../../pages/limits.ts";
import { Spool } from "../../pages/spool.ts";
import type { StateFolder } from "../../pages/state-folder.ts";
import { WorkTime } from "../../pages/work-time.ts";
import { printable } from "../rest/error-reply.ts";
import type { ReadListing, Row } from "./rows.ts";

/** The number of problems whose text is reported. */
export const mostUnreadable = 10_000;
export const tooUnreadable = "more than 10,000 rows that cannot be read";

/**
 * A text page: rows between LF, each `name TAB type TAB size TAB seconds`, type N (file) or F
 * (directory). Names are raw: a name with a TAB or a LF in it makes unreadable rows, and these
 * alone are problems. But if the last row is unreadable, the page may have been cut; and if most
 * rows are, it may be something else. Throws SourceError for a page over a limit.
 */
export async function readTextListing(
  pieces: AsyncIterable<string>,
  folder: StateFolder,
): Promise<ReadListing> {
  using unused = new DisposableStack();
  const page = unused.use(new TextPage(folder));
  const work = new WorkTime();
  for await (const piece of pieces) work.spend(() => page.push(piece));
  const listing = page.end();
  unused.move();
  return listing;
}

class TextPage implements Disposable {
  readonly #listed: Spool<Row>;
  #rest = "";
  #rows = 0;
  #unreadable = 0;
  #last: ReadRow | undefined;
  /** A row that is too short: the next row shows what it may be. */
  #short: { readonly line: string; readonly problem: string } | undefined;

  constructor(folder: StateFolder) {
    this.#listed = new Spool(folder);
  }

  push(piece: string): void {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#add(line);
    if (this.#rest.length > pageLimits.entryLength)
      throw overLimit(`a row of more than ${pageLimits.entryLength / 1024} KiB`);
  }

  end(): ReadListing {
    if (this.#rest !== "") this.#add(this.#rest);
    this.#decideShort(undefined);
    const last = this.#last;
    const cut = last !== undefined && "problem" in last ? `row ${this.#rows} ${last.problem}` : undefined;
    const isDoubtful = cut !== undefined || this.#unreadable * 2 > this.#rows;
    const why = cut ?? `${this.#unreadable} of ${this.#rows} rows cannot be read`;
    return { rows: this.#listed, ...(isDoubtful && { doubt: why }) };
  }

  [Symbol.dispose](): void {
    this.#listed[Symbol.dispose]();
  }

  #add(line: string): void {
    this.#decideShort(line);
    this.#rows++;
    const row = afterRow(this.#last, readRow(line));
    this.#last = row;
    if ("listed" in row) this.#listed.push(row.listed);
    else {
      if (++this.#unreadable > mostUnreadable) throw overLimit(tooUnreadable);
      const problem = `row ${this.#rows} ${row.problem}`;
      if (row.isShort) this.#short = { line, problem };
      else this.#listed.push(unreadableRow(line, problem, !isFile(line)));
    }
  }

  #decideShort(next: string | undefined): void {
    if (this.#short === undefined) return;
    const { line, problem } = this.#short;
    this.#listed.push(unreadableRow(line, problem, !isFile(next)));
    this.#short = undefined;
  }
}

type ReadRow = { readonly listed: Row } | { readonly problem: string; readonly isShort: boolean };

const columnsOfRow = 4;

/**
 * A name with a LF in it makes a short row, and the end of the name a row that looks like another
 * name's.
 */
function afterRow(last: ReadRow | undefined, row: ReadRow): ReadRow {
  if (last === undefined || !("problem" in last && last.isShort) || "problem" in row) return row;
  return { problem: "may be the rest of the row before it, which is too short", isShort: false };
}

function readRow(line: string): ReadRow {
  const columns = line.split("\t");
  const [name, type, size, seconds] = columns;
  const broken = (problem: string) => ({ problem, isShort: columns.length < columnsOfRow });
  if (columns.length !== columnsOfRow || name === undefined || size === undefined || seconds === undefined)
    return broken(`has ${columns.length} columns, not ${columnsOfRow}`);
  if (type === "F") return { listed: name };
  if (type !== "N") return broken(`is of type ${JSON.stringify(type)}, neither N nor F`);
  if (!/^\d{1,16}$/.test(size) || !/^-?\d{1,12}$/.test(seconds)) return broken("has no proper size and time");
  const bytes = Number(size);
  if (!Number.isSafeInteger(bytes)) return broken("has a size beyond reason");
  return { listed: { name, size: bytes, modified: Number(seconds) } };
}

/**
 * Returns whether the row, or the end of one, is a file's, with any other fault: its type comes
 * third from its end.
 */
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
