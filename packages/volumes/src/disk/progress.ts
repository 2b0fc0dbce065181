let listen = () => {};

/**
 * Calls `listener` during long work of this thread, so that its disk does not count as one that
 * hangs.
 */
export function onProgress(listener: () => void): void {
  listen = listener;
}

/** To be called during long work, whenever the disk has done a part of it. */
export function noteProgress(): void {
  listen();
}
