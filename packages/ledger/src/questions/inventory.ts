import type { FileEntry } from "@brigade/core";
import type {
  Comparison,
  Location,
  StoredPlace,
  StoredState,
  VolumeContents,
  VolumeDescription,
} from "../account.ts";
import type { DatabaseSync } from "../catalogue/sqlite.ts";
import { believed } from "../recording/told-times.ts";
import { type Directories, split } from "../tables/directories.ts";
import type { Holdings } from "../tables/holdings.ts";
import type { Objects } from "../tables/objects.ts";
import { type OriginName, Origins } from "../tables/origins.ts";
import type { Volumes } from "../tables/volumes.ts";
import type { Part } from "./listings.ts";
import { type LocationCursor, type LocationQuery, Locations, type StoredName } from "./locations.ts";

interface Parts {
  readonly directories: Directories;
  readonly volumes: Volumes;
  readonly objects: Objects;
  readonly holdings: Holdings;
}

/** What is stored where, by the names that the world has for it: sources, paths, ids of volumes. */
export class Inventory {
  readonly #origins: Origins;
  readonly #tables: Parts;
  readonly #locations: Locations;
  readonly #lost: Locations;

  constructor(db: DatabaseSync, tables: Parts) {
    this.#origins = new Origins(db);
    this.#tables = tables;
    const named = { ...tables, origins: this.#origins };
    this.#locations = new Locations(db, named, "objects");
    this.#lost = new Locations(db, named, "lost");
  }

  stored(of: OriginName, path: string, files: readonly FileEntry[]): (StoredPlace | undefined)[] {
    const { objects, volumes } = this.#tables;
    const directory = this.#directory(of, path);
    if (directory === undefined) return files.map(() => undefined);
    return objects.unchanged(directory, path, files, volumes);
  }

  compare(of: OriginName, path: string, files: readonly FileEntry[]): Comparison[] {
    const directory = this.#directory(of, path);
    return directory === undefined ? files.map(() => "new") : this.#tables.objects.compare(directory, files);
  }

  isEmpty(of: OriginName): boolean {
    const origin = this.#origins.find(of);
    return origin === undefined || this.#tables.holdings.isEmpty(origin);
  }

  where(query: LocationQuery, after?: LocationCursor): Part<Location, LocationCursor> {
    if (query.lost !== true) return this.#locations.where(query, after);
    return this.#tables.objects.hasLost ? this.#lost.where(query, after) : { rows: [] };
  }

  names(of: OriginName, path: string, after?: string): Part<StoredName, string> {
    const directory = this.#directory(of, path);
    return directory === undefined ? { rows: [] } : this.#locations.names(directory, after);
  }

  directories(of: OriginName, top: string, after?: string): Part<string, string> {
    const origin = this.#origins.find(of);
    return origin === undefined ? { rows: [] } : this.#locations.directories(origin, top, after);
  }

  volumes(): VolumeContents[] {
    const { volumes, holdings } = this.#tables;
    return volumes.all((n) => holdings.ofVolume(n));
  }

  note(volumes: readonly VolumeDescription[], at: number): void {
    for (const volume of volumes) this.#tables.volumes.note(volume, at);
  }

  restore(of: OriginName, on: VolumeDescription, states: readonly StoredState[], at: number): void {
    const { directories, volumes, objects } = this.#tables;
    const origin = this.#origins.number(of);
    const volume = volumes.note(on, at);
    for (const { key, storedAt, ...state } of states) {
      const [path, name] = split(key);
      const told = { ...state, name, at: Math.floor(believed(storedAt * 1_000, at) / 1_000) };
      objects.store(directories.number(origin, path), told, volume, at);
    }
  }

  /** Returns how many were known there. */
  forget(of: OriginName, on: string, keys: readonly string[], at: number): number {
    const { directories, volumes, objects } = this.#tables;
    const origin = this.#origins.find(of);
    const volume = volumes.find(on);
    if (origin === undefined || volume === undefined) return 0;
    let known = 0;
    for (const key of keys) {
      const [path, name] = split(key);
      const directory = directories.find(origin, path);
      if (directory !== undefined && objects.forget(directory, name, volume, at)) known++;
    }
    return known;
  }

  #directory(of: OriginName, path: string): number | undefined {
    const origin = this.#origins.find(of);
    return origin === undefined ? undefined : this.#tables.directories.find(origin, path);
  }
}
