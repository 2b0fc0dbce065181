import type { EventLoopUtilization } from "node:perf_hooks";
import type { HostError, LocalRoom, NewObject, StoredObject, Volume } from "@brigade/core";
import type { Came, FetchCommand, FetchCounts } from "./fetching/fetcher.ts";
import type { FoundFolder } from "./identity/found-folder.ts";

/**
 * An object that may lie in a tree that another program left on the volume's disk, under its plain
 * key.
 */
export interface TreeObject extends NewObject {
  /** `<folder>/<key>`, absolute. */
  readonly from: string;
}

/**
 * `different`: a file is there, but of other size or MD5, or another file has its place.
 * `undefined` if there is none.
 */
export type Imported = StoredObject | "different" | undefined;

/** A volume on a disk of this machine that can be closed and opened again. */
export interface LocalVolume extends OpenLocalVolume {
  readonly isOpen: boolean;
  /**
   * Finishes what is on its way as far as the disk lets it, and closes all that this process has
   * open there. What is asked of the volume rejects with `why` from now on. May be called twice.
   */
  close(why: HostError): Promise<void>;
  /**
   * Opens it again, if the same volume is there and its disk takes a file. Else it stays closed, and
   * this rejects with HostError or ConfigError. An open volume stays as it is.
   */
  reopen(): Promise<void>;
}

/** A volume on a disk of this machine, as long as it is open. */
export interface OpenLocalVolume extends Volume {
  /**
   * Why no work goes on there at the moment, in words: its disk has not answered for some time.
   * Usually empty.
   */
  readonly pauses: readonly string[];
  /** Two volumes with the same one share their room. It is the system's number of the file system. */
  readonly fileSystem: string;
  room(): Promise<LocalRoom>;
  /** The folder as it is now, read from the disk. Throws ConfigError or HostError. */
  look(): Promise<FoundFolder>;
  /**
   * Binds a source's name to its fingerprint. Happens by itself with the first object; called
   * early, a wrong volume is refused before anything is fetched. Throws ConfigError.
   */
  bind(source: string, fingerprint: string): Promise<void>;
  /**
   * The volume is one run's for this source, until it is closed or the process ends: two runs that
   * know nothing of each other would store everything twice. Throws ConfigError when another has
   * it.
   */
  claim(source: string): Promise<void>;
  /**
   * Imports objects from a tree that another program left on the same file system, without copying:
   * a regular file of the expected size and MD5 gets the object's modification time, is renamed
   * into its place and entered in the manifest; in order. Others stay untouched, and so do the
   * folders. Nothing that lies on the volume is replaced. Called again, it finds in their places
   * what it has imported.
   *
   * Throws ConfigError for a tree on another file system, or one that belongs to a volume or
   * another source.
   */
  import(objects: readonly TreeObject[]): Promise<readonly Imported[]>;
  /** The volume's threads that can fetch. */
  readonly fetchers: readonly DirectVolume[];
}

/** The thread of a volume that fetches objects by itself. */
export interface DirectVolume {
  /** Whether it lives, and its disk answers. */
  readonly isUsable: boolean;
  /**
   * `came` is called once per object. Resolves after the last. Rejects with HostError if the disk
   * hangs or fails, or the thread is lost: then `came` was not called for all.
   */
  fetch(command: Omit<FetchCommand, "id">, came: (came: Came) => void): Promise<void>;
  /** Sends no more requests to this source; what was not sent comes so at once. */
  stop(source: string): void;
  /**
   * Requests to this source at once, at most, from now on. Resolves when the thread knows it, with
   * its counts up to date. Never rejects.
   */
  setPlaces(source: string, most: number): Promise<void>;
  /** As the thread reported last; `undefined` if it has asked nothing of this source. */
  countsOf(source: string): FetchCounts | undefined;
  /** Returns how much of its time the thread has worked. */
  load(): EventLoopUtilization;
}
