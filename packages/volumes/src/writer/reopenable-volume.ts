import {
  HostError,
  type LocalRoom,
  type NewObject,
  type ObjectEntry,
  type Part,
  type Sink,
  type StoredObject,
} from "@brigade/core";
import type { FoundFolder } from "../identity/found-folder.ts";
import type { DirectVolume, Imported, LocalVolume, OpenLocalVolume, TreeObject } from "../local-volume.ts";

/**
 * A volume that can be closed and opened again while the program runs: its disk was unmounted for a
 * time, or has failed and works again. While it is closed, all that is asked of it rejects.
 */
export class ReopenableVolume implements LocalVolume {
  readonly id: string;
  readonly label: string;
  readonly root: string;
  readonly #openAgain: () => Promise<OpenLocalVolume>;
  /** Sources that were claimed, and are claimed again. */
  readonly #claimed = new Set<string>();
  #open: OpenLocalVolume | undefined;
  /** The latest that was open: some of its facts hold while it is closed. */
  #latest: OpenLocalVolume;
  #why = new HostError("gone", "the volume is closed");
  #closing: Promise<void> | undefined;
  #isDisposed = false;

  /** `openAgain`: opens the volume in new threads, if it is the same. */
  constructor(open: OpenLocalVolume, openAgain: () => Promise<OpenLocalVolume>) {
    this.id = open.id;
    this.label = open.label;
    this.root = open.root;
    this.#open = open;
    this.#latest = open;
    this.#openAgain = openAgain;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  get fileSystem(): string {
    return this.#latest.fileSystem;
  }

  get pauses(): readonly string[] {
    return this.#open?.pauses ?? [];
  }

  get fetchers(): readonly DirectVolume[] {
    return this.#open?.fetchers ?? [];
  }

  async close(why: HostError): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#why = why;
    if (open !== undefined) this.#closing = closeLeniently(open);
    await this.#closing;
  }

  async reopen(): Promise<void> {
    await this.#closing;
    if (this.#open !== undefined || this.#isDisposed) return;
    const open = await this.#openAgain();
    try {
      for (const source of this.#claimed) await open.claim(source);
      if (this.#isDisposed) throw new HostError("gone", "the volume is closed");
    } catch (error) {
      await closeLeniently(open);
      throw error;
    }
    this.#latest = open;
    this.#open = open;
  }

  lend(size: number): Uint8Array {
    return this.#open?.lend(size) ?? new Uint8Array(size);
  }

  giveBack(bytes: Uint8Array): void {
    this.#open?.giveBack(bytes);
  }

  put(object: NewObject, bytes: Uint8Array, onRead = () => {}): Promise<StoredObject> {
    if (this.#open !== undefined) return this.#open.put(object, bytes, onRead);
    onRead();
    return Promise.reject(this.#why);
  }

  async open(object: NewObject): Promise<Sink> {
    return await this.#opened.open(object);
  }

  async part(object: NewObject, validator: string | undefined): Promise<Part | undefined> {
    return await this.#opened.part(object, validator);
  }

  async begun(object: NewObject): Promise<number> {
    return await this.#opened.begun(object);
  }

  async adopt(objects: readonly NewObject[]): Promise<readonly (StoredObject | undefined)[]> {
    return await this.#opened.adopt(objects);
  }

  async import(objects: readonly TreeObject[]): Promise<readonly Imported[]> {
    return await this.#opened.import(objects);
  }

  async present(
    source: string,
    files: readonly { path: string; size: number }[],
  ): Promise<readonly boolean[]> {
    return await this.#opened.present(source, files);
  }

  async holds(source: string, keys: readonly string[]): Promise<readonly boolean[]> {
    return await this.#opened.holds(source, keys);
  }

  async sample(source: string, most: number): Promise<readonly ObjectEntry[]> {
    return await this.#opened.sample(source, most);
  }

  isFresh(source: string): boolean {
    return this.#latest.isFresh(source);
  }

  async room(): Promise<LocalRoom> {
    return await this.#opened.room();
  }

  async bind(source: string, fingerprint: string): Promise<void> {
    await this.#opened.bind(source, fingerprint);
  }

  async look(): Promise<FoundFolder> {
    return await this.#opened.look();
  }

  async claim(source: string): Promise<void> {
    await this.#opened.claim(source);
    this.#claimed.add(source);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const open = this.#open;
    this.#open = undefined;
    await this.#closing;
    await open?.[Symbol.asyncDispose]();
  }

  /** Throws why it is closed. */
  get #opened(): OpenLocalVolume {
    if (this.#open === undefined) throw this.#why;
    return this.#open;
  }
}

/** All that was answered is safe already: what a failing disk says to its closing is no news. */
async function closeLeniently(open: OpenLocalVolume): Promise<void> {
  try {
    await open[Symbol.asyncDispose]();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
}
