import type { DirectAnswer, NewObject, StoredObject } from "@brigade/core";
import type { Acceptance, AnswerHandler, UsedConnection } from "@brigade/sources/thread";
import type { FetchCommand } from "@brigade/volumes/thread";

type Handler = Required<AnswerHandler>;
type Controller = Parameters<Handler["onRequestStart"]>[0];
type Headers = Parameters<Handler["onResponseStart"]>[2];

/** The fetcher, which gets what becomes of a request. */
export interface ItemOwner {
  /** Returns how the answer is checked; `undefined` if it is out of the ordinary. */
  acceptanceOf(item: Item, status: number, headers: Headers): Acceptance | undefined;
  /**
   * Returns the address of bytes that lie in the memory for bodies, with room behind them for the
   * rest of a body of this size; else `undefined`.
   */
  addressOf(chunk: Uint8Array, size: number): number | undefined;
  write(address: number, chunk: Uint8Array): void;
  /** The object is whole, and lies in its slot, at `bodyAt`. */
  whole(item: Item): void;
  /** An answer came that is out of the ordinary. */
  answered(item: Item, answer: DirectAnswer): void;
  failed(item: Item, error: Error): void;
  /** Its slot is needed no more. */
  freed(item: Item): void;
  stored(item: Item, stored: StoredObject): void;
  notStored(item: Item, error: unknown): void;
}

/** Bytes of an answer that is out of the ordinary, at most: a longer one is asked for again. */
const longestAnswer = 64 * 1024;

/** An object as it was listed. */
export interface WantedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Unix seconds. */
  readonly modified: number;
  readonly etag: string | undefined;
}

/** One object of a command: its request, its answer, and its way onto the disk. */
export class Item implements AnswerHandler {
  readonly command: FetchCommand;
  readonly at: number;
  readonly object: WantedObject;
  readonly #owner: ItemOwner;
  /** Monotonic milliseconds. */
  sentAt = 0;
  connection: UsedConnection | undefined;
  acceptance: Acceptance | undefined;
  /** Offset of the memory for its body; `undefined` while it has none. */
  slot: number | undefined;
  /** Why it was aborted before it had a connection. */
  #aborted: Error | undefined;
  /** Where its connection has read its body to, and it stays. */
  #keptAt: number | undefined;
  /** Bytes of its body that have come. */
  #filled = 0;
  #odd: { readonly status: number; readonly statusText: string; readonly headers: Headers } | undefined;
  #oddBody: Buffer[] = [];
  #controller: Controller | undefined;

  constructor(command: FetchCommand, at: number, object: WantedObject, owner: ItemOwner) {
    this.command = command;
    this.at = at;
    this.object = object;
    this.#owner = owner;
  }

  get newObject(): NewObject {
    const { key, size, modified, etag } = this.object;
    const { source, fingerprint, job } = this.command.of;
    const expectedMd5 = this.acceptance?.md5;
    return {
      source,
      fingerprint,
      job,
      key,
      listedSize: size,
      modified,
      etag,
      expectedSize: size,
      expectedMd5,
    };
  }

  /** The address of its body, in its slot or in that of its connection. */
  get bodyAt(): number {
    return this.#keptAt ?? this.slot ?? 0;
  }

  get keepsWhatCame(): boolean {
    return this.#keptAt !== undefined;
  }

  /** Whether its request was sent over a connection over which nothing has come yet. */
  get isUnserved(): boolean {
    return this.connection?.isServed === false;
  }

  abort(error: Error): void {
    this.#aborted = error;
    this.#controller?.abort(error);
  }

  onConnection(connection: UsedConnection): void {
    this.connection = connection;
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#aborted !== undefined) controller.abort(this.#aborted);
  }

  onResponseStart(_controller: Controller, status: number, headers: Headers, statusText = ""): void {
    if (status < 200) return;
    this.connection?.answered();
    this.acceptance = this.#owner.acceptanceOf(this, status, headers);
    if (this.acceptance === undefined) this.#odd = { status, statusText, headers };
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    const filled = this.#filled;
    this.#filled += chunk.byteLength;
    if (this.#odd !== undefined || this.slot === undefined) {
      if (this.#filled > longestAnswer) this.abort(new LongAnswer());
      else this.#oddBody.push(Buffer.from(chunk));
    } else if (this.#filled > this.object.size) this.abort(new Error("more came than was announced"));
    else this.#keep(chunk, filled, this.slot);
  }

  /**
   * A body that is read into memory of its connection stays there: connection and item exchange
   * their slots when it is whole.
   */
  #keep(chunk: Uint8Array, filled: number, slot: number): void {
    if (filled === 0) this.#keptAt = this.#owner.addressOf(chunk, this.object.size);
    if (this.#keptAt === undefined) this.#owner.write(slot + filled, chunk);
    else if (this.#filled === this.object.size) this.slot = this.connection?.exchange(slot) ?? slot;
  }

  onResponseEnd(): void {
    if (this.#odd !== undefined) {
      const body = Buffer.concat(this.#oddBody);
      this.#owner.answered(this, { ...this.#odd, body });
    } else if (this.#filled === this.object.size) this.#owner.whole(this);
    else this.onResponseError(undefined, new Error("less came than was announced"));
  }

  onResponseError(_controller: Controller | undefined, error: Error): void {
    this.#owner.failed(this, error);
  }

  /** Of its commit. */
  resolve(stored: StoredObject): void {
    this.#owner.stored(this, stored);
  }

  /** Of its commit. */
  reject(error: unknown): void {
    this.#owner.notStored(this, error);
  }

  readonly free = (): void => this.#owner.freed(this);
}

/** An answer that is out of the ordinary, and too long to be handed on. */
export class LongAnswer extends Error {
  override readonly name = "LongAnswer";

  constructor() {
    super("a long answer that is out of the ordinary");
  }
}
