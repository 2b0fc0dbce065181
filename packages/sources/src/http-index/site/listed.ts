/**
 * An entry of an index page, with the exact details of the page. Names are decoded, and not to be
 * trusted.
 */
export interface Listed {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Bytes. */
  readonly size?: number | undefined;
  /** Unix seconds. */
  readonly modified?: number | undefined;
  /**
   * The page can be read in another way. The server is asked whether there is such a thing: if not,
   * `name` has failed, because something is there that was not understood; `link` is dropped,
   * because it most likely was no entry.
   */
  readonly guess?: "name" | "link" | undefined;
  /** Why it cannot be requested. */
  readonly problem?: string | undefined;
  /** With a problem: more may lie below it. */
  readonly mayBeDirectory?: true;
}
