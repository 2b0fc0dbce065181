import { Worker } from "node:worker_threads";
import { HostError, type NewObject, type StoredObject } from "@brigade/core";
import { Slots } from "./slots.ts";
import { decodeFailure } from "./thread-failures.ts";
import type { Answers, Command, FromThread, Op } from "./thread-protocol.ts";

type Waiting = { resolve(value: Answers[Op]): void; reject(error: Error): void };
type Unnumbered<C> = C extends Command ? Omit<C, "id"> : never;

/** To wake a thread costs as much as a file's part of a message: bodies wait for so many more, or so many milliseconds. */
const worthWaking = 32;
const longestWaitMs = 2;

/** The main thread's end of a writer thread. Commands travel together where they can, in order. */
export class WriterLink {
  /** Memory shared with the thread. */
  readonly slots = new Slots();
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  /** What to do when the bytes of a `put` were read. */
  readonly #unread = new Map<number, () => void>();
  readonly #onWarning: (reason: string, message: string) => void;
  #lastId = 0;
  #outgoing: Command[] = [];
  #transfer: ArrayBuffer[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #gone: Error | undefined;

  constructor(onWarning: (reason: string, message: string) => void) {
    this.#onWarning = onWarning;
    this.#worker = new Worker(new URL("./writer-thread.ts", import.meta.url), {
      workerData: this.slots.memory,
    });
    this.#worker.on("message", (message: FromThread) => this.#receive(message));
    this.#worker.on("error", (error) => this.#lose(error));
    this.#worker.on("exit", () => this.#lose(undefined));
  }

  /** The id that the next command will have. */
  get nextId(): number {
    return this.#lastId + 1;
  }

  /** Sends a command; `owned` buffers are transferred away. */
  call<O extends Op>(command: Unnumbered<Command & { op: O }>, owned?: ArrayBuffer): Promise<Answers[O]> {
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#gone) {
      this.#read(id);
      return Promise.reject(this.#gone);
    }
    if (this.#outgoing.length === 0) setTimeout(() => this.#flush(), longestWaitMs);
    this.#outgoing.push({ ...command, id } as Command);
    if (owned) this.#transfer.push(owned);
    if (command.op !== "put" || this.#outgoing.length >= worthWaking)
      this.#flushing ??= setImmediate(() => this.#flush());
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
    });
  }

  /** Sends a body; `onRead` is called when its memory is needed no more. */
  put(object: NewObject, bytes: Uint8Array, onRead: () => void): Promise<StoredObject> {
    const slot = this.slots.slotOf(bytes);
    const id = this.nextId;
    this.#unread.set(id, () => {
      if (slot !== undefined) this.slots.giveBack(slot.offset);
      onRead();
    });
    if (slot !== undefined) return this.call({ op: "put", object, bytes: slot });
    const owned = ownBuffer(bytes);
    return this.call({ op: "put", object, bytes: owned }, owned.buffer);
  }

  /** Ends the thread; what is not answered is rejected. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #flush(): void {
    const commands = this.#outgoing;
    const transfer = this.#transfer;
    this.#outgoing = [];
    this.#transfer = [];
    this.#flushing = undefined;
    if (commands.length === 0) return;
    if (!this.#gone) this.#worker.postMessage(commands, transfer);
  }

  #receive({ answers, warnings, read }: FromThread): void {
    for (const id of read) this.#read(id);
    for (const { reason, message } of warnings) this.#onWarning(reason, message);
    for (const answer of answers) {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("failure" in answer) waiting?.reject(decodeFailure(answer.failure));
      else waiting?.resolve(answer.value);
    }
  }

  #read(id: number): void {
    const done = this.#unread.get(id);
    this.#unread.delete(id);
    done?.();
  }

  #lose(cause: unknown): void {
    this.#gone ??= new HostError("io", "the volume is closed, or its thread has died", { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
    for (const id of [...this.#unread.keys()]) this.#read(id);
  }
}

/** A view of a larger buffer (a pool's, maybe) must not take that along. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const whole = buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength;
  return whole ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
