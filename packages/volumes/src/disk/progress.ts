let tell = () => {};

/** Calls `listener` while this thread is at work on something long, so that nobody takes its disk for one that hangs. */
export function onProgress(listener: () => void): void {
  tell = listener;
}

/** To be called now and then, whenever the disk has done a part. */
export function noteProgress(): void {
  tell();
}
