import type { Filters } from "@brigade/core";

/** So many objects, together so many bytes. */
export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * What was listed and what became of it. Bytes of `stored` are those on disk (of a variant: its own), all others as
 * listed. An object counts once, by its best outcome; pages that do not count (see pages.ts) are left out.
 */
export interface Sums {
  readonly listed: Amount;
  readonly stored: Amount;
  readonly unchanged: Amount;
  readonly vanished: Amount;
  readonly failed: Amount;
}

export type JobState = "open" | "complete" | "incomplete" | "cancelled";

/** A job as it is opened. */
export interface NewJob {
  readonly id: string;
  readonly source: string;
  readonly fingerprint: string;
  /** The directory where the walk starts; `""` is the root. */
  readonly prefix: string;
  readonly filters: Filters;
  /** Unix milliseconds. */
  readonly startedAt: number;
}

export interface JobRecord extends NewJob {
  readonly state: JobState;
  /** Unix milliseconds; absent while open. */
  readonly closedAt?: number;
  /** Why what the catalogue has of it cannot be read: it is set apart. All that can be done is to close it. */
  readonly unreadable?: string;
}

/** What of a job lies on one volume: each object where it was first reported stored. */
export interface VolumeAmount extends Amount {
  readonly volume: string;
  readonly host: string;
}

/** Where a job stands, from counters that are kept in the same transactions as what they count. */
export interface Progress extends Sums {
  readonly job: string;
  /** `known`: named by a page, or walked. `done`: listed to the end. `failed`: given up by the lister. */
  readonly directories: { readonly known: number; readonly done: number; readonly failed: number };
  readonly pages: number;
  readonly volumes: readonly VolumeAmount[];
  /** Every known directory is done or failed: what is listed is all there will be. */
  readonly listingFinished: boolean;
  /** The listing is finished, and every listed object has an outcome. */
  readonly settled: boolean;
}

/** Exact number, and the first few. */
export interface Examples<T> {
  readonly total: number;
  readonly examples: readonly T[];
}

/** A directory without a contiguous walk of pages 1..last. */
export interface DirectoryHole {
  readonly directory: string;
  /** Absent: no page of it is recorded at all. */
  readonly walk?: number;
  /** Missing page numbers as inclusive ranges, at most a few; the last may be the page after the highest one recorded. */
  readonly missing: readonly { readonly from: number; readonly to: number }[];
}

/** A page that has indexes without an outcome. */
export interface PageHole {
  readonly directory: string;
  readonly walk: number;
  readonly page: number;
  readonly id: string;
  /** How many indexes have none. */
  readonly open: number;
  /** The first few of them. */
  readonly indexes: readonly number[];
}

/** A directory that could not be listed on from some page. */
export interface FailedDirectory {
  readonly directory: string;
  readonly walk: number;
  readonly page: number;
  /** The page itself was listed, but not what lies below some of its entries. */
  readonly besides?: true;
  readonly reason: string;
}

/**
 * Whether everything is accounted for, found by going through all directories and pages: from the root on every named
 * directory has one contiguous walk, and every index of every page an outcome. Objects that failed are accounted for.
 */
export interface Proof extends Sums {
  readonly complete: boolean;
  readonly directories: number;
  readonly pages: number;
  readonly holes: {
    readonly directories: Examples<DirectoryHole>;
    readonly pages: Examples<PageHole> & {
      /** Indexes without an outcome, all pages together. */ readonly objects: number;
    };
    readonly failedDirectories: Examples<FailedDirectory>;
  };
  /** Walked, but on no page that counts: named by a page that is missing, or whose listing has been replaced. */
  readonly unnamed: Examples<string>;
}

/** An object that failed or vanished. */
export interface Miss {
  readonly key: string;
  readonly reason: string;
  /** Of what kind the failure is (core's `failureClass`), "unknown" where nobody said; of failed ones only. */
  readonly class?: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** The accounts of one directory, its subdirectories not included. */
export interface DirectorySums extends Sums {
  readonly directory: string;
  readonly pages: number;
  readonly state: "listing" | "done" | "failed";
}

/** Where the last stored state of an object lies. */
export interface StoredPlace {
  /** The volume's id. */
  readonly volume: string;
  /** Below `<volume>/<source>/`. */
  readonly path: string;
  /** Bytes on disk. */
  readonly size: number;
  /** 32 lower-case hex digits, where it was reported. */
  readonly md5?: string;
}

/** Which failed objects: of one class, with keys that begin so. Absent: all. */
export interface FailureFilter {
  readonly class?: string;
  readonly under?: string;
}

/** Failed objects by class ("unknown" where nobody said), or by directory. */
export interface FailureCount extends Amount {
  readonly name: string;
}

/** A state of an object that lies on a volume. */
export interface Location {
  readonly source: string;
  readonly fingerprint: string;
  readonly key: string;
  /**
   * `current`: the last stored state. `duplicate`: the same once more. `superseded`: an older state on another volume. `lost`: it lay
   * there last, and is damaged or gone.
   */
  readonly standing: "current" | "duplicate" | "superseded" | "lost";
  /** The volume's id. */
  readonly volume: string;
  readonly label?: string;
  /** Where the volume was seen last. */
  readonly host: string;
  /** Below `<volume>/<source>/`. */
  readonly path: string;
  /** Bytes on disk. */
  readonly size: number;
  /** Bytes of the original, as listed. */
  readonly listedSize: number;
  /** Unix seconds. */
  readonly modified: number;
  /** Unix seconds. */
  readonly storedAt: number;
  /** 32 lower-case hex digits, where it was reported. */
  readonly md5?: string;
  readonly verified?: boolean;
  readonly etag?: string;
  /** Unix milliseconds: when a lost one was found to be so. */
  readonly lostAt?: number;
}

/** What is known of a volume, and what lies on it: every state of every object that was stored there. */
export interface VolumeContents extends Amount {
  readonly volume: string;
  readonly label?: string;
  readonly host: string;
  /** Unix milliseconds. */
  readonly seenAt: number;
  /** Bytes, as its host said last. */
  readonly free?: number;
  readonly size?: number;
  readonly sources: readonly (Amount & { readonly source: string })[];
  /** Absent: it is here, as far as anybody has told. */
  readonly gone?: GoneVolume;
}

/** A volume that no host has now. */
export interface GoneVolume {
  /** Since when, Unix milliseconds. */
  readonly at: number;
  /** It was lost: why, for people. Absent: it was taken away in good order. */
  readonly lost?: string;
}

/** A volume as its host describes it. */
export interface VolumeDescription {
  readonly id: string;
  readonly label?: string;
  readonly host: string;
  readonly free?: number;
  readonly size?: number;
  /** Whether it is here no more; `null`: it is here. Absent: not told. What was lost stays lost until it is here again. */
  readonly gone?: Omit<GoneVolume, "at"> | null;
}

/** A stored object as a manifest has it; taken over without a job. */
export interface StoredState {
  readonly key: string;
  readonly listedSize: number;
  readonly size: number;
  readonly modified: number;
  /** Unix seconds. */
  readonly storedAt: number;
  readonly md5?: string;
  readonly verified?: boolean;
  readonly path?: string;
  readonly etag?: string;
}

/** How a listed file stands to what is stored: `changed` when another state of it is. */
export type Comparison = "unchanged" | "changed" | "new";
