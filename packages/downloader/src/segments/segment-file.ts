/** Bytes from `from` to before `to`. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/** Where segments are put together. */
export interface SegmentFile {
  /** What is there safely, in order, no two touching. */
  readonly finished: readonly Piece[];
  /** Several may run at once, never on the same bytes. Throws HostError. */
  write(offset: number, chunks: readonly Uint8Array[]): Promise<void>;
  /** What was written before the call is safe after it, and among the finished. One at a time. Throws HostError. */
  sync(): Promise<void>;
}
