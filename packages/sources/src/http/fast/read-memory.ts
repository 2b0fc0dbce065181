/** Memory that connections read answers into, and that is kept by what becomes of the answers. */
export interface ReadMemory {
  /** Returns a place, of at least 64 KiB; `undefined` if none is free. */
  acquire(): number | undefined;
  giveBack(place: number): void;
  bytesOf(place: number): Buffer;
}
