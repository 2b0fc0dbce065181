import type { NewObject, Room, StoredObject, Volume } from "@brigade/core";

/** Free room, and of how much. Inodes are infinite where the file system does not count them. */
export interface LocalRoom extends Room {
  readonly totalBytes: number;
  readonly totalInodes: number;
}

/** An object that may lie in a tree that another program left on the volume's disk, under its plain key. */
export interface TreeObject extends NewObject {
  /** `<folder>/<key>`, absolute. */
  readonly from: string;
}

/** `different`: a file is there, but of other size or MD5, or another file has its place. Nothing: there is none. */
export type Taken = StoredObject | "different" | undefined;

/** A volume on a disk of this machine. */
export interface LocalVolume extends Volume {
  room(): Promise<LocalRoom>;
  /**
   * Binds a source's name to its fingerprint. Happens by itself with the first object; called early, a wrong
   * volume is refused before anything is fetched. Throws ConfigError.
   */
  bind(source: string, fingerprint: string): Promise<void>;
  /**
   * Takes objects from a tree that another program left on the same file system, without copying: a regular file of the
   * expected size and MD5 gets the object's modification time, is renamed into its place and entered in the manifest;
   * in order. Others stay untouched, and so do the folders. Nothing that lies on the volume is replaced. Called again,
   * it finds in their places what it has taken.
   *
   * Throws ConfigError for a tree on another file system, or one that belongs to a volume or another source.
   */
  take(objects: readonly TreeObject[]): Promise<readonly Taken[]>;
}
