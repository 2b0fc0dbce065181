/** An entry of an index page, as far as the page tells exactly. Names are decoded, and not to be trusted. */
export interface Listed {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Bytes. */
  readonly size?: number | undefined;
  /** Unix seconds. */
  readonly modified?: number | undefined;
}
