import type { FileEntry, RecordedPage, WalkPosition } from "@brigade/core";
import type { Tables } from "../database/transactions.ts";
import type { DatabaseSync } from "../sqlite.ts";
import type { StoredPlace } from "../tables/objects.ts";
import { Origins } from "../tables/origins.ts";
import type { Comparison, OriginName, Position } from "../wire/history.ts";

/** Answers what a listing asks about the listings before it, and about what they led to. */
export class PastListings {
  readonly #origins: Origins;
  readonly #tables: Tables;

  constructor(db: DatabaseSync, tables: Tables) {
    this.#origins = new Origins(db);
    this.#tables = tables;
  }

  /** Of a pruned job, what is still known. */
  recorded({ job: id, directory: path, walk, page }: Position): RecordedPage | undefined {
    const { jobs, directories, pages, breaks } = this.#tables;
    const job = jobs.find(id);
    const directory = job && directories.find(job.origin, path);
    if (job === undefined || directory === undefined) return undefined;
    const found = pages.at(job.n, directory, walk, page);
    if (found === undefined) {
      const broken = breaks.idAt(job.n, directory, walk, page);
      return broken === undefined ? undefined : { id: broken, end: "failed" };
    }
    return {
      id: found.id,
      end: found.last ? "last" : "more",
      ...(found.next !== undefined && { next: JSON.parse(found.next) as WalkPosition }),
    };
  }

  stored(of: OriginName, path: string, files: readonly FileEntry[]): (StoredPlace | undefined)[] {
    const { objects, volumes } = this.#tables;
    const directory = this.#directory(of, path);
    if (directory === undefined) return files.map(() => undefined);
    return objects.unchanged(directory, path, files, volumes);
  }

  unchanged(of: OriginName, path: string, files: readonly FileEntry[]): boolean[] {
    return this.stored(of, path, files).map((place) => place !== undefined);
  }

  compare(of: OriginName, path: string, files: readonly FileEntry[]): Comparison[] {
    const directory = this.#directory(of, path);
    return directory === undefined ? files.map(() => "new") : this.#tables.objects.compare(directory, files);
  }

  isEmpty(of: OriginName): boolean {
    const origin = this.#origins.find(of);
    return origin === undefined || this.#tables.holdings.isEmpty(origin);
  }

  #directory(of: OriginName, path: string): number | undefined {
    const origin = this.#origins.find(of);
    return origin === undefined ? undefined : this.#tables.directories.find(origin, path);
  }
}
