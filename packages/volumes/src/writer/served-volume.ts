import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { encodeError, HostError, type StoredObject } from "@brigade/core";
import { isLost, translate } from "../disk/disk-errors.ts";
import { OpenDescriptors } from "../disk/open-descriptors.ts";
import { onProgress } from "../disk/progress.ts";
import type { Came, Fetcher, FetcherNeeds } from "../fetching/fetcher.ts";
import type { StoredColumns } from "../fetching/stored-columns.ts";
import { BodyHash } from "../md5/bodies.ts";
import { type OpenedVolume, openForWriting } from "../opening/opening.ts";
import { discard, performQuickly, performSlowly, performTrial } from "./commands.ts";
import type { Answer, Answers, Command, FromThread, Op, VolumeThreadData } from "./protocol.ts";

/** Milliseconds between signs of life. */
const progressEvery = 1_000;

/**
 * To be called once by the entry of a volume's thread. Takes arrays of commands, in order, and posts
 * their answers. Without `createFetcher`, the thread fetches nothing itself.
 */
export function serveVolume(createFetcher?: (needs: FetcherNeeds) => Fetcher): void {
  if (parentPort === null) throw new Error("this is a thread's entry");
  new ServedVolume(parentPort, workerData as VolumeThreadData, createFetcher);
}

class ServedVolume {
  readonly #port: MessagePort;
  readonly #slots: WebAssembly.Memory;
  readonly #openDescriptors: OpenDescriptors;
  readonly #bodyHash: BodyHash;
  readonly #fetcher: Fetcher | undefined;
  #volume: OpenedVolume | undefined;
  #answers: Answer[] = [];
  #read: number[] = [];
  #warnings: { reason: string; message: string }[] = [];
  #came: { id: number; came: Came }[] = [];
  #stored: StoredColumns[] = [];
  /**
   * A caller got the disk's failure: warnings about what else fails because of that are left out.
   */
  #hasFailed = false;
  #reportedProgressAt = 0;

  constructor(
    port: MessagePort,
    { slots, openDescriptors }: VolumeThreadData,
    createFetcher: ((needs: FetcherNeeds) => Fetcher) | undefined,
  ) {
    this.#port = port;
    this.#slots = slots;
    this.#openDescriptors = new OpenDescriptors(openDescriptors);
    this.#bodyHash = new BodyHash(slots);
    this.#fetcher = createFetcher?.({
      put: (object, body, completion, free) => this.#opened.storing.put(object, body, completion, free),
      came: (id, came) => this.#came.push({ id, came }),
      stored: (id, at, stored) => this.#addStored(id, at, stored),
      failed: (id, at, error, key) =>
        this.#came.push({ id, came: { at, failure: this.#failure(error, key) } }),
      flush: () => this.#flush(),
    });
    port.on("message", (commands: readonly Command[]) => this.#perform(commands));
    onProgress(() => this.#progressed());
    if (this.#fetcher !== undefined) setInterval(() => this.#showLife(), progressEvery).unref();
  }

  /** A server that does not answer is no disk that hangs. */
  #showLife(): void {
    if (this.#fetcher?.isWaitingForServer === true) this.#progressed();
  }

  #flush(): void {
    const answers = this.#answers;
    const warnings = this.#warnings;
    const read = this.#read;
    const came = this.#came;
    const stored = this.#stored;
    if (answers.length + warnings.length + read.length + came.length + stored.length === 0) return;
    this.#read = [];
    this.#answers = [];
    this.#warnings = [];
    this.#came = [];
    this.#stored = [];
    const counts = this.#fetcher?.counts ?? [];
    this.#port.postMessage({ answers, warnings, read, came, stored, counts } satisfies FromThread);
  }

  #addStored(id: number, at: number, { size, md5, verified, path, storedAt }: StoredObject): void {
    let columns = this.#stored.at(-1);
    if (columns?.id !== id) {
      columns = { id, at: [], size: [], md5: [], verified: [], path: [], storedAt: [] };
      this.#stored.push(columns);
    }
    columns.at.push(at);
    columns.size.push(size);
    columns.md5.push(md5);
    columns.verified.push(verified);
    columns.path.push(path);
    columns.storedAt.push(storedAt);
  }

  #progressed(): void {
    const now = performance.now();
    if (now - this.#reportedProgressAt < progressEvery) return;
    this.#reportedProgressAt = now;
    const none = { answers: [], warnings: [], read: [], came: [], stored: [] };
    this.#port.postMessage({
      ...none,
      counts: this.#fetcher?.counts ?? [],
      progress: true,
    } satisfies FromThread);
  }

  #resolve<O extends Op>(id: number, value: Answers[O]): void {
    this.#answers.push({ id, value });
  }

  #reject(id: number, error: unknown, doing: string): void {
    this.#answers.push({ id, failure: this.#failure(error, doing) });
  }

  #failure(error: unknown, doing: string) {
    const known = translate(error, doing);
    this.#hasFailed ||= known instanceof HostError && isLost(known);
    return encodeError(known);
  }

  #perform(commands: readonly Command[]): void {
    const md5s = this.#md5sOf(commands);
    for (const command of commands) {
      try {
        this.#performOne(command, md5s);
      } catch (error) {
        this.#reject(command.id, error, this.#wordsFor(command));
      }
    }
    this.#flush();
  }

  /**
   * Returns the MD5s of the bodies in slots, by the commands' ids. Hashing many at once costs less.
   */
  #md5sOf(commands: readonly Command[]): ReadonlyMap<number, string> {
    const puts = commands.flatMap((command) =>
      command.op === "put" && !("buffer" in command.bytes) ? [{ id: command.id, body: command.bytes }] : [],
    );
    const md5s = this.#bodyHash.md5s(puts.map(({ body }) => body));
    return new Map(puts.map(({ id }, index) => [id, md5s[index] ?? ""]));
  }

  #performOne(command: Command, md5s: ReadonlyMap<number, string>): void {
    const { id } = command;
    switch (command.op) {
      case "put":
        this.#put(command, md5s.get(id));
        return;
      case "fetch":
        this.#fetching.fetch(command);
        return;
      case "fetch-stop":
        this.#resolve(id, void this.#fetching.stop(command.source));
        return;
      case "fetch-places":
        this.#resolve(id, void this.#fetching.places(command.source, command.places));
        return;
      case "finish":
        this.#opened.storing.finish(command.sink, this.#completionOf(id, "finish"));
        return;
      case "look":
      case "try":
        this.#resolve(id, performTrial(command));
        return;
      case "open":
        this.#later(command, async () => {
          const volume = await openForWriting(command.options, {
            onCompleted: () => this.#flush(),
            onWarning: (error, message) => this.#warn(error, message),
            openDescriptors: this.#openDescriptors,
          });
          this.#volume = volume;
          const { identity, root, fileSystem, occupied } = volume;
          return { id: identity.id, label: identity.label, root, fileSystem, occupied };
        });
        return;
      case "close":
        this.#later(command, async () => {
          this.#fetcher?.stop();
          await this.#volume?.[Symbol.asyncDispose]();
          this.#volume = undefined;
          return undefined;
        });
        return;
      case "sink":
      case "write":
      case "abort":
      case "bind":
      case "claim":
      case "present":
      case "holds":
      case "sample":
      case "room":
        this.#resolve(id, performQuickly(this.#opened, command));
        return;
      default:
        this.#later(command, () => performSlowly(this.#opened, command));
    }
  }

  #put({ id, object, bytes }: Command & { op: "put" }, md5: string | undefined): void {
    const own = "buffer" in bytes;
    const body = own ? bytes : new Uint8Array(this.#slots.buffer, bytes.offset, bytes.length);
    const free = () => {
      if (own) discard(bytes);
      this.#read.push(id);
    };
    try {
      this.#opened.storing.put(object, { bytes: body, md5 }, this.#completionOf(id, object.key), free);
    } catch (error) {
      free();
      throw error;
    }
  }

  get #opened(): OpenedVolume {
    if (this.#volume === undefined) throw new Error("the volume is not open");
    return this.#volume;
  }

  get #fetching(): Fetcher {
    if (this.#fetcher === undefined) throw new Error("this thread fetches nothing itself");
    return this.#fetcher;
  }

  #completionOf(id: number, doing: string) {
    return {
      resolve: (value: Answers["put"]) => this.#resolve(id, value),
      reject: (error: unknown) => this.#reject(id, error, doing),
    };
  }

  #later(command: Command, work: () => Promise<Answers[Op]>): void {
    void work()
      .then(
        (value) => this.#resolve(command.id, value),
        (error: unknown) => this.#reject(command.id, error, this.#wordsFor(command)),
      )
      .finally(() => this.#flush());
  }

  #warn(error: unknown, message: string): void {
    if (this.#hasFailed) return;
    this.#warnings.push({ reason: error instanceof Error ? error.message : String(error), message });
  }

  #wordsFor(command: Command): string {
    if ("object" in command) return command.object.key;
    const key = "sink" in command ? this.#volume?.storing.keyOf(command.sink) : undefined;
    return key ?? command.op;
  }
}
