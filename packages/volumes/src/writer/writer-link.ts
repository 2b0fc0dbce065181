import type { EventLoopUtilization } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { decodeError, HostError, type Log, type NewObject, type StoredObject } from "@brigade/core";
import { inWords } from "../disk/disk-errors.ts";
import { OpenDescriptors } from "../disk/open-descriptors.ts";
import type { Came, FetchCommand, FetchCounts } from "../fetching/fetcher.ts";
import { rowsOf } from "../fetching/stored-columns.ts";
import { endThread } from "../thread/ending.ts";
import type { Answer, Answers, Command, FromThread, Op, VolumeThreadData } from "./protocol.ts";
import { Silence } from "./silence.ts";
import { Slots } from "./slots.ts";

type Waiting = { readonly op: Op; resolve(value: Answers[Op]): void; reject(error: Error): void };
type Unnumbered<C> = C extends Command ? Omit<C, "id"> : never;

/**
 * Waking the thread is expensive: puts are held until this many are queued, or this time has passed
 * (milliseconds).
 */
const worthWaking = 32;
const longestWaitMs = 2;

/** These give something back: they are sent to a disk that hangs, too, and not waited for. */
const releasing: ReadonlySet<Op> = new Set<Op>([
  "abort",
  "part-stop",
  "part-close",
  "close",
  "fetch-stop",
  "fetch-places",
]);

/** The main thread's end of a writer thread. Commands travel together where they can, in order. */
export class WriterLink {
  /** Memory shared with the thread. */
  readonly slots = new Slots();
  readonly #openDescriptors = new OpenDescriptors();
  /** Whether the thread can fetch. */
  readonly canFetch: boolean;
  readonly #entry: URL | undefined;
  readonly #root: string;
  readonly #log: Log;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  /** Commands that were rejected because the disk hangs. It may still answer them. By id. */
  readonly #abandoned = new Map<number, Op>();
  /** What to do when the bytes of a `put` were read. */
  readonly #unread = new Map<number, () => void>();
  readonly #silence = new Silence({
    onNotice: (ms) =>
      this.#log.warn(
        { volume: this.#root },
        `a volume has not answered for ${inSeconds(ms)}: it is waited for`,
      ),
    onSilent: (ms) => this.#giveUpWaiting(ms),
  });
  /** Commands to fetch, by id: objects without an outcome, and the callback for each. */
  readonly #fetches = new Map<number, { left: number; came: (came: Came) => void }>();
  /** By source, as the thread reported last. */
  readonly #counts = new Map<string, FetchCounts>();
  #silent: HostError | undefined;
  #lastId = 0;
  #outgoing: Command[] = [];
  #transfer: ArrayBuffer[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #gone: Error | undefined;
  /** Whether the thread has posted anything. */
  #isHeard = false;

  /**
   * `root`: of the volume, for log lines and errors. `entry`: what the thread runs, if it is to fetch,
   * too.
   */
  constructor(root: string, log: Log, entry?: URL) {
    this.#root = root;
    this.#log = log;
    this.#entry = entry;
    this.canFetch = entry !== undefined;
    this.#worker = new Worker(entry ?? new URL("./writer-thread.ts", import.meta.url), {
      name: "volume",
      workerData: {
        slots: this.slots.memory,
        openDescriptors: this.#openDescriptors.shared,
      } satisfies VolumeThreadData,
    });
    this.#worker.on("message", (message: FromThread) => this.#receive(message));
    this.#worker.on("error", (error) => this.#lose(error));
    this.#worker.on("exit", () => {
      this.#openDescriptors.closeAll();
      this.#lose(undefined);
    });
  }

  /** Returns the end of another thread for the same volume. */
  beside(): WriterLink {
    return new WriterLink(this.#root, this.#log, this.#entry);
  }

  /** Whether the disk has been waited for so long that a line was logged. */
  get isWaitedFor(): boolean {
    return this.#silence.isNoticed;
  }

  /** The id that the next command will have. */
  get nextId(): number {
    return this.#lastId + 1;
  }

  /**
   * Sends a command; `owned` buffers are transferred away. Rejects with HostError `silent` while
   * the disk hangs.
   */
  call<O extends Op>(command: Unnumbered<Command & { op: O }>, owned?: ArrayBuffer): Promise<Answers[O]> {
    this.#lastId += 1;
    const id = this.#lastId;
    const refused = this.#gone ?? this.#silent;
    if (refused !== undefined) {
      this.#read(id);
      if (this.#gone || !releasing.has(command.op)) return Promise.reject(refused);
      this.#post([{ ...command, id } as Command], []);
      this.#abandoned.set(id, command.op);
      this.#silence.asked(command.op);
      return Promise.resolve(undefined as Answers[O]);
    }
    this.#silence.asked(command.op);
    if (this.#outgoing.length === 0) setTimeout(() => this.#flush(), longestWaitMs);
    this.#outgoing.push({ ...command, id } as Command);
    if (owned) this.#transfer.push(owned);
    if (command.op !== "put" || this.#outgoing.length >= worthWaking)
      this.#flushing ??= setImmediate(() => this.#flush());
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { op: command.op, resolve: resolve as Waiting["resolve"], reject });
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

  /** Returns how much of its time the thread has worked. */
  load(): EventLoopUtilization {
    return this.#worker.performance.eventLoopUtilization();
  }

  /** Of the thread's own requests, as it reported last; `undefined` if there were none. */
  countsOf(source: string): FetchCounts | undefined {
    return this.#counts.get(source);
  }

  /**
   * Has objects fetched by the thread itself. `came` is called once per object that it reports.
   * Resolves after the last; rejects with HostError if the disk hangs, or the thread is lost.
   */
  async fetch(command: Omit<FetchCommand, "id">, came: (came: Came) => void): Promise<void> {
    const fetch = { left: command.objects.keys.length, came };
    const id = this.nextId;
    const fetched = this.call({ op: "fetch", ...command });
    // Otherwise it was refused, and the thread will report nothing of it.
    if (this.#waiting.has(id)) this.#fetches.set(id, fetch);
    try {
      await fetched;
    } catch (error) {
      // What is stored all the same is found when it is asked for again.
      fetch.came = () => {};
      throw error;
    }
  }

  /** Whether commands are accepted: the thread lives, and its disk answers. */
  get isUsable(): boolean {
    return this.#gone === undefined && this.#silent === undefined;
  }

  /**
   * Ends the thread; what is not answered is rejected. A thread that hangs in a call of the disk is
   * left behind.
   */
  async end(): Promise<void> {
    this.#silence.end();
    this.#lose(undefined);
    await endThread(this.#worker);
  }

  #flush(): void {
    const commands = this.#outgoing;
    const transfer = this.#transfer;
    this.#outgoing = [];
    this.#transfer = [];
    this.#flushing = undefined;
    this.#post(commands, transfer);
  }

  #post(commands: readonly Command[], transfer: readonly ArrayBuffer[]): void {
    if (commands.length > 0 && !this.#gone) this.#worker.postMessage(commands, transfer);
  }

  #receive({ answers, warnings, read, came, stored, counts, progress }: FromThread): void {
    this.#isHeard = true;
    for (const one of counts) this.#counts.set(one.source, one);
    for (const id of read) this.#read(id);
    for (const { reason, message } of warnings) this.#log.warn({ volume: this.#root, reason }, message);
    if (progress) this.#silence.progressed();
    for (const one of came) this.#fetched(one.id, one.came);
    for (const columns of stored) for (const one of rowsOf(columns)) this.#fetched(columns.id, one);
    for (const answer of answers) this.#answer(answer);
    if (this.#silent && !this.#silence.isSilent) this.#silent = undefined;
  }

  #fetched(id: number, came: Came): void {
    const fetch = this.#fetches.get(id);
    if (fetch === undefined) return;
    if (came.stored !== undefined) this.#silence.progressed();
    fetch.left--;
    fetch.came(came);
    if (fetch.left > 0) return;
    this.#fetches.delete(id);
    this.#answer({ id, value: undefined });
  }

  #answer(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    const op = waiting?.op ?? this.#abandoned.get(answer.id);
    if (op !== undefined) this.#silence.answered(op);
    if (waiting === undefined) this.#answerAbandoned(answer, op);
    else if ("failure" in answer) waiting.reject(decodeError(answer.failure));
    else waiting.resolve(answer.value);
  }

  /** Closes what was opened for a caller that has gone elsewhere. */
  #answerAbandoned({ id, ...answer }: Answer, op: Op | undefined): void {
    this.#abandoned.delete(id);
    const isOpened = "value" in answer;
    if (isOpened && op === "sink") void this.call({ op: "abort", sink: id }).catch(() => undefined); // then it is gone
    if (isOpened && op === "part") void this.call({ op: "part-close", part: id }).catch(() => undefined); // as well
  }

  #giveUpWaiting(ms: number): void {
    this.#silent = new HostError(
      "silent",
      `${this.#root} has not answered for ${inSeconds(ms)}: does its disk hang?`,
    );
    for (const [id, { op, reject }] of this.#waiting) {
      this.#abandoned.set(id, op);
      reject(this.#silent);
    }
    this.#waiting.clear();
  }

  #read(id: number): void {
    const done = this.#unread.get(id);
    this.#unread.delete(id);
    done?.();
  }

  #lose(cause: unknown): void {
    // A thread that has posted nothing has not touched the disk: this process lacks files or memory
    // for it.
    this.#gone ??=
      cause !== undefined && !this.#isHeard
        ? new HostError("limits", `no thread for ${this.#root} can begin: ${inWords(cause)}`, { cause })
        : new HostError("io", "the volume is closed, or its thread has died", { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
    for (const id of [...this.#unread.keys()]) this.#read(id);
  }
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/**
 * Copies a view of a larger buffer (a pool's, maybe), so that only its own bytes are transferred.
 */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const whole = buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength;
  return whole ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
