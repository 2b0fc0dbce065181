import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import type { WriteLog } from "./write-log.ts";

/** Which of the unflushed writes a drive keeps when the power fails. */
export const losses = ["dropped", "torn", "reordered", "kept"] as const;
export type Loss = (typeof losses)[number];

/**
 * Bytes that a drive writes whole or not at all. Drives have sectors of 512 or 4,096 bytes. With
 * 512, a cut through ext4's superblock of 1,024 bytes leaves a wrong checksum: ext4 then mounts
 * only after e2fsck, with any program.
 */
const unit = 1_024;

/** Makes images of a disk as it is after a power cut, at later and later moments. */
export class CutDisk implements Disposable {
  readonly #log: WriteLog;
  readonly #path: string;
  /** All flushed writes, up to entry `#applied`. */
  readonly #flushed: number;
  #applied = 0;

  /** `image`: the disk before the log; it is changed. */
  constructor(log: WriteLog, image: string) {
    this.#log = log;
    this.#path = image;
    this.#flushed = openSync(image, "r+");
  }

  /** Writes the disk cut off at a moment of its log to `image`. */
  cutAt(position: number, loss: Loss, random: () => number, image: string): void {
    const count = this.#log.countAt(position);
    const flush = this.#log.entries.slice(0, count).findLastIndex(({ kind }) => kind === "flush");
    for (; this.#applied <= flush; this.#applied++) this.#write(this.#flushed, this.#applied, wholeWrite);
    execFileSync("cp", ["--sparse=auto", this.#path, image]);
    const file = openSync(image, "r+");
    try {
      const survives = survivors(loss, random, count - flush - 1);
      for (let index = flush + 1; index < count; index++)
        this.#write(file, index, survives(index - flush - 1));
    } finally {
      closeSync(file);
    }
  }

  #write(file: number, index: number, survives: Survives): void {
    const entry = this.#log.entries[index];
    if (entry?.kind !== "write" || survives === nothing) return;
    const bytes = this.#log.bytesOf(entry);
    if (survives === wholeWrite) {
      writeSync(file, bytes, 0, bytes.length, entry.offset);
      return;
    }
    for (let from = 0; from < bytes.length; from += unit)
      if (survives()) writeSync(file, bytes, from, Math.min(unit, bytes.length - from), entry.offset + from);
  }

  [Symbol.dispose](): void {
    closeSync(this.#flushed);
  }
}

/** Returns whether a write's next unit is on the disk. */
type Survives = () => boolean;
const wholeWrite: Survives = () => true;
const nothing: Survives = () => false;

/** For each of `count` writes in their order. */
function survivors(loss: Loss, random: () => number, count: number): (index: number) => Survives {
  const someUnits: Survives = () => random() < 0.5;
  const last = Math.floor(random() * count);
  const share = random();
  switch (loss) {
    case "dropped":
      return () => nothing;
    case "kept":
      return () => wholeWrite;
    case "torn":
      return (index) => (index < last ? wholeWrite : index === last ? someUnits : nothing);
    case "reordered":
      return () => (random() >= share ? nothing : random() < 0.2 ? someUnits : wholeWrite);
  }
}
