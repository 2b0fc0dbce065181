import { type ByteRange, type ObjectBody, type Piece, SourceError } from "@brigade/core";
import { silentLog } from "../../../test/logs.ts";
import { fetchSegments, type SegmentOptions, type SegmentParts } from "../src/fetch-segments.ts";
import { TransferMeter } from "../src/transfer-meter.ts";
import type { SegmentFile } from "../src/write-behind.ts";

/** The byte at each place of the whole, so that a byte in the wrong place is seen. */
export function byteAt(at: number): number {
  return (at * 31 + (at >> 8) * 17) & 0xff;
}

export function bytesOf(from: number, to: number): Uint8Array {
  return Uint8Array.from({ length: to - from }, (_, index) => byteAt(from + index));
}

/** Keeps what is written, and what was safe when. */
export class MemoryFile implements SegmentFile {
  readonly bytes: Uint8Array;
  readonly #written: boolean[];
  finished: readonly Piece[];

  constructor(length: number, finished: readonly Piece[] = []) {
    this.bytes = new Uint8Array(length);
    this.#written = new Array(length).fill(false);
    this.finished = finished;
    for (const { from, to } of finished) {
      this.bytes.set(bytesOf(from, to), from);
      this.#written.fill(true, from, to);
    }
  }

  async write(offset: number, chunks: readonly Uint8Array[]): Promise<void> {
    let at = offset;
    for (const chunk of chunks) {
      this.bytes.set(chunk, at);
      this.#written.fill(true, at, at + chunk.byteLength);
      at += chunk.byteLength;
    }
  }

  async sync(): Promise<void> {
    const pieces: { from: number; to: number }[] = [];
    for (const [at, written] of this.#written.entries()) {
      const last = pieces.at(-1);
      if (!written) continue;
      if (last?.to === at) last.to = at + 1;
      else pieces.push({ from: at, to: at + 1 });
    }
    this.finished = pieces;
  }
}

/** What a connection does: gives chunks as it likes, and throws when it breaks. */
export type Play = (
  range: Required<ByteRange>,
  signal: AbortSignal,
) => AsyncGenerator<Uint8Array, void, void>;

export function body(range: Required<ByteRange>, chunks: AsyncGenerator<Uint8Array, void, void>): ObjectBody {
  return {
    size: range.to - range.from + 1,
    md5: undefined,
    modified: undefined,
    validator: undefined,
    objectMd5: undefined,
    doubt: undefined,
    variant: false,
    bytes: () => Promise.reject(new Error("not asked for")),
    chunks: () => chunks,
    cancel: () => {},
  };
}

/** The bytes that are asked for, `step` at a time. */
export async function* wholly(
  { from, to }: Required<ByteRange>,
  step = 100,
): AsyncGenerator<Uint8Array, void, void> {
  for (let at = from; at <= to; at += step) {
    yield bytesOf(at, Math.min(at + step, to + 1));
    await turn();
  }
}

/** Others have their turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function broken(): SourceError {
  return new SourceError("transport", "the connection was reset");
}

/** Bytes of the whole, in these tests. */
export const length = 10_000;
const usual: SegmentOptions = { length, connections: 4, minSegment: 500, retries: 3 };

interface Scene {
  readonly file?: MemoryFile;
  readonly play?: Play;
  readonly open?: SegmentParts["open"];
  readonly options?: Partial<SegmentOptions>;
  readonly signal?: AbortSignal;
  readonly parts?: Partial<SegmentParts>;
}

/** Runs a transfer without waiting in earnest. */
export async function run({
  file = new MemoryFile(length),
  play = (range) => wholly(range),
  ...scene
}: Scene = {}) {
  const meter = new TransferMeter();
  const asked: Required<ByteRange>[] = [];
  const waits: number[] = [];
  const open =
    scene.open ??
    (async (range: Required<ByteRange>, signal: AbortSignal) => body(range, play(range, signal)));
  const transfer = fetchSegments(
    {
      open: (range, signal) => {
        asked.push(range);
        return open(range, signal);
      },
      file,
      log: silentLog,
      meter,
      delay: async (ms, signal) => {
        waits.push(ms);
        await turn();
        signal.throwIfAborted();
      },
      random: () => 0.5,
      ...scene.parts,
    },
    { ...usual, ...scene.options },
    scene.signal ?? new AbortController().signal,
  );
  return { transfer, file, meter, asked, waits };
}
