import {
  HostError,
  type LocalRoom,
  type Log,
  type NewObject,
  type ObjectEntry,
  type Part,
  type Sink,
  type StoredObject,
} from "@brigade/core";
import type { FoundFolder } from "../identity/found-folder.ts";
import type { DirectVolume, Imported, LocalVolume, OpenLocalVolume, TreeObject } from "../local-volume.ts";
import type { OpeningOptions } from "../opening/opening.ts";
import type { OpenedReport } from "./protocol.ts";
import { ReopenableVolume } from "./reopenable-volume.ts";
import { ThreadPart } from "./thread-part.ts";
import { ThreadSink } from "./thread-sink.ts";
import { WriterLink } from "./writer-link.ts";

/** How the threads of a volume fetch. */
export interface FetchThreads {
  /** What a thread runs that is to fetch, too. */
  readonly entry: URL;
  /** Threads per volume. Each has a manifest segment and temporary files of its own. */
  readonly number: number;
}

export interface VolumeOptions extends Omit<OpeningOptions, "root"> {
  readonly log: Log;
  /** Absent if the volume's only thread does not fetch. */
  readonly fetching?: FetchThreads | undefined;
}

/**
 * Opens a volume for writing, with a thread of its own; the caller's thread never touches the disk.
 * With `init` an existing folder becomes a volume. Throws ConfigError when `root` is no volume, or
 * the instance is in use there.
 */
export async function openVolume(
  root: string,
  { log, fetching, ...options }: VolumeOptions,
): Promise<LocalVolume> {
  const link = new WriterLink(root, log, fetching?.entry);
  try {
    return await volumeOf(link, { ...options, root }, fetching);
  } catch (error) {
    await link.end();
    throw error;
  }
}

/**
 * Opens a volume in the thread at the other end of the link, and in more threads if more are to
 * fetch.
 */
export async function volumeOf(
  link: WriterLink,
  options: OpeningOptions,
  fetching?: FetchThreads | undefined,
): Promise<LocalVolume> {
  const opened = await openIn(link, options, fetching);
  let times = 1;
  return new ReopenableVolume(opened, async () => {
    const again = link.beside();
    times += 1;
    try {
      // A thread that hangs may still have the instance's folder.
      const instance = `${options.instance}-again${times}`;
      const { label: _label, names: _names, ...same } = options;
      return await openIn(
        again,
        { ...same, init: false, make: false, instance, reopens: opened.id },
        fetching,
      );
    } catch (error) {
      await again.end();
      throw error;
    }
  });
}

async function openIn(
  link: WriterLink,
  options: OpeningOptions,
  fetching: FetchThreads | undefined,
): Promise<OpenLocalVolume> {
  const report = await link.call({ op: "open", options });
  const others: WriterLink[] = [];
  try {
    for (let number = 2; number <= (fetching?.number ?? 1); number++) {
      const other = link.beside();
      others.push(other);
      const instance = `${options.instance}-${number}`;
      await other.call({ op: "open", options: { ...options, init: false, instance } });
    }
  } catch (error) {
    await Promise.all(others.map((other) => other.end()));
    throw error;
  }
  return new ThreadVolume(link, others, report);
}

class ThreadVolume implements OpenLocalVolume {
  readonly id: string;
  readonly label: string;
  readonly root: string;
  readonly fileSystem: string;
  readonly fetchers: readonly DirectVolume[];
  readonly #link: WriterLink;
  /** Of its other threads, which only fetch. */
  readonly #others: readonly WriterLink[];
  readonly #occupied: ReadonlySet<string>;

  constructor(link: WriterLink, others: readonly WriterLink[], opened: OpenedReport) {
    const { id, label, root, fileSystem, occupied } = opened;
    this.#link = link;
    this.#others = others;
    this.id = id;
    this.label = label;
    this.root = root;
    this.fileSystem = fileSystem;
    this.#occupied = new Set(occupied);
    this.fetchers = link.canFetch ? [link, ...others].map(directOf) : [];
  }

  get pauses(): readonly string[] {
    return [this.#link, ...this.#others].some((link) => link.isWaitedFor)
      ? [`${this.label} does not answer`]
      : [];
  }

  lend(size: number): Uint8Array {
    return this.#link.slots.lend(size);
  }

  giveBack(bytes: Uint8Array): void {
    const slot = this.#link.slots.slotOf(bytes);
    if (slot !== undefined) this.#link.slots.giveBack(slot.offset);
  }

  put(object: NewObject, bytes: Uint8Array, onRead = () => {}): Promise<StoredObject> {
    return this.#link.put(object, bytes, onRead);
  }

  async open(object: NewObject): Promise<Sink> {
    const id = this.#link.nextId;
    await this.#link.call({ op: "sink", object });
    return new ThreadSink(this.#link, id);
  }

  async part(object: NewObject, validator: string | undefined): Promise<Part | undefined> {
    const id = this.#link.nextId;
    const opened = await this.#link.call({ op: "part", object, validator });
    return opened && new ThreadPart(this.#link, id, opened);
  }

  begun(object: NewObject): Promise<number> {
    return this.#link.call({ op: "begun", object });
  }

  adopt(objects: readonly NewObject[]): Promise<readonly (StoredObject | undefined)[]> {
    return this.#link.call({ op: "adopt", objects });
  }

  import(objects: readonly TreeObject[]): Promise<readonly Imported[]> {
    return this.#link.call({ op: "import", objects });
  }

  present(source: string, files: readonly { path: string; size: number }[]): Promise<readonly boolean[]> {
    return this.#link.call({ op: "present", source, files });
  }

  holds(source: string, keys: readonly string[]): Promise<readonly boolean[]> {
    return this.#link.call({ op: "holds", source, keys });
  }

  sample(source: string, most: number): Promise<readonly ObjectEntry[]> {
    return this.#link.call({ op: "sample", source, most });
  }

  isFresh(source: string): boolean {
    return !this.#occupied.has(source);
  }

  room(): Promise<LocalRoom> {
    return this.#link.call({ op: "room" });
  }

  bind(source: string, fingerprint: string): Promise<void> {
    return this.#link.call({ op: "bind", source, fingerprint });
  }

  look(): Promise<FoundFolder> {
    return this.#link.call({ op: "look", trial: { folder: this.root, make: false, init: true } });
  }

  claim(source: string): Promise<void> {
    return this.#link.call({ op: "claim", source });
  }

  /** Waits for all commits, as long as the disk answers; unfinished sinks are dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#others, this.#link].map(close));
  }
}

async function close(link: WriterLink): Promise<void> {
  try {
    await link.call({ op: "close" });
  } catch (error) {
    // All that was answered is safe already.
    if (!(error instanceof HostError && error.kind === "silent")) throw error;
  } finally {
    await link.end();
  }
}

function directOf(link: WriterLink): DirectVolume {
  // A thread that is lost has rejected all that it was asked.
  const send = (call: Promise<undefined>) => call.catch(() => undefined);
  return {
    fetch: (command, came) => link.fetch(command, came),
    stop: (source) => void send(link.call({ op: "fetch-stop", source })),
    setPlaces: (source, places) => send(link.call({ op: "fetch-places", source, places })),
    get isUsable() {
      return link.isUsable;
    },
    countsOf: (source) => link.countsOf(source),
    load: () => link.load(),
  };
}
