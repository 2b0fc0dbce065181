/** What a request has paid for, where bytes per second are limited. */
export interface Account {
  /** Bytes that are paid for and have not come. */
  paid: number;
  /** Bytes. */
  came: number;
}

/** A body that is read no more until it is released. */
export interface HeldBody {
  release(): void;
}
