import type { NewObject, Part, Piece, StoredObject } from "@brigade/core";

interface Owner {
  /** Throws when the bytes are not as expected. */
  keep(bytes: Uint8Array): StoredObject;
  forget(): void;
}

/** A part in memory. What is not synced is lost when it is opened again, as after a crash. */
export class MemoryPart implements Part {
  readonly validator: string | undefined;
  readonly bytes: Uint8Array;
  readonly reserved: number;
  readonly startedOver: string | undefined;
  finished: readonly Piece[];
  #written: readonly Piece[];
  readonly #owner: Owner;

  static open(
    { expectedSize = 0 }: NewObject,
    validator: string | undefined,
    before: MemoryPart | undefined,
    owner: Owner,
  ): MemoryPart {
    const fits =
      before !== undefined && before.validator === validator && before.bytes.length === expectedSize;
    return new MemoryPart(expectedSize, validator, fits ? before : undefined, owner, before && !fits);
  }

  private constructor(
    size: number,
    validator: string | undefined,
    before: MemoryPart | undefined,
    owner: Owner,
    startedOver = false,
  ) {
    this.validator = validator;
    this.bytes = before?.bytes ?? new Uint8Array(size);
    this.reserved = before === undefined ? size : 0;
    this.finished = before?.finished ?? [];
    this.#written = this.finished;
    this.startedOver = startedOver ? "the object has changed" : undefined;
    this.#owner = owner;
  }

  async write(offset: number, chunks: readonly Uint8Array[]): Promise<void> {
    let at = offset;
    for (const chunk of chunks) {
      this.bytes.set(chunk, at);
      at += chunk.length;
    }
    this.#written = merged([...this.#written, { from: offset, to: at }]);
  }

  async sync(): Promise<void> {
    this.finished = this.#written;
  }

  async finish(signal: AbortSignal): Promise<StoredObject> {
    signal.throwIfAborted();
    this.#owner.forget();
    return this.#owner.keep(this.bytes);
  }

  async discard(): Promise<void> {
    this.#owner.forget();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function merged(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces.toSorted((one, other) => one.from - other.from)) {
    const last = result.at(-1);
    if (last === undefined || last.to < piece.from) result.push(piece);
    else result[result.length - 1] = { from: last.from, to: Math.max(last.to, piece.to) };
  }
  return result;
}
