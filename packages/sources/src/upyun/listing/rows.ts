import type { Cursor, FileEntry } from "@brigade/core";
import type { ListedDocument } from "../../pages/kept-documents.ts";
import type { Spool } from "../../pages/spool.ts";
import type { PagePrint } from "./page-print.ts";

/**
 * A file; a directory by its name; or an entry with a directory's type and a file's length, which
 * only the store can decide.
 */
export type Row = FileEntry | string | { readonly fileOrDirectory: FileEntry };

/** The contents of an answer. Unreadable rows are files with a problem. */
export interface ReadListing {
  readonly rows: Spool<Row>;
  /** Why the answer may be broken: the names in it alone cannot explain the fault. */
  readonly doubt?: string | undefined;
  /** The next cursor, if no header has it. */
  readonly iter?: string | undefined;
}

/** The rows that came in one answer, and where the directory goes on behind them. */
export class ListedRows implements ListedDocument<Row> {
  readonly #rows: Spool<Row>;
  readonly #print: PagePrint;
  /** The store's own. */
  readonly next: Cursor | undefined;

  constructor(rows: Spool<Row>, print: PagePrint, next: Cursor | undefined) {
    this.#rows = rows;
    this.#print = print;
    this.next = next;
  }

  get digest(): string {
    return this.#print.digest.slice(0, 16);
  }

  get length(): number {
    return this.#rows.length;
  }

  get held(): number {
    return this.#rows.held;
  }

  slice(from: number, to: number): Row[] {
    return this.#rows.slice(from, to);
  }

  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
  }
}
