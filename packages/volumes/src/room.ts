import type { Room, Volume } from "@brigade/core";

/** Free room, and of how much. Inodes are infinite where the file system does not count them. */
export interface LocalRoom extends Room {
  readonly totalBytes: number;
  readonly totalInodes: number;
}

/** A volume on a disk of this machine. */
export interface LocalVolume extends Volume {
  room(): Promise<LocalRoom>;
  /**
   * Binds a source's name to its fingerprint. Happens by itself with the first object; called early, a wrong
   * volume is refused before anything is fetched. Throws ConfigError.
   */
  bind(source: string, fingerprint: string): Promise<void>;
}
