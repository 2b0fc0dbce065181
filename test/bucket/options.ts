import type { AuthScheme } from "./auth.ts";
import type { FaultRule } from "./faults/rules.ts";
import type { ListingOptions } from "./listing.ts";
import type { ObjectSet } from "./trees/object-set.ts";

/** One member per way in which a bucket can differ from the usual one. */
export interface BucketOptions {
  readonly tree: ObjectSet;
  /** Default `demo`. */
  readonly name?: string;
  /** Default `operator`. */
  readonly operator?: string;
  /** Default `password`. */
  readonly password?: string;
  readonly schemes?: readonly AuthScheme[];
  readonly faults?: readonly FaultRule[];
  /** Seed of the faults. */
  readonly seed?: number;
  /** Keys answered 403, wherever they are asked for. */
  readonly forbidden?: Iterable<string>;
  /** Keys that are listed but answered 404 everywhere. */
  readonly vanished?: Iterable<string>;
  /** The service's clock, Unix milliseconds. */
  readonly now?: () => number;
  readonly listing?: ListingOptions;
  readonly rest?: RestOptions;
  readonly domain?: DomainOptions;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: any free one. */
  readonly restPort?: number;
  readonly domainPort?: number;
  /**
   * Milliseconds before each reply, default 0. With it `counters.peak` shows how many requests are
   * open at once.
   */
  readonly latencyMs?: number;
  /** Bytes per second of a body, default: no limit. */
  readonly pace?: number;
  /**
   * Ranges of one object at once: more get 429 with code 42900002. `ignored`: the whole object is
   * sent instead of a range. Default: no limit.
   */
  readonly ranges?: number | "ignored";
  /** Refuse bodies with 405: something else serves them. */
  readonly listingOnly?: boolean;
  /** Count requests by key and by directory, default yes. Costs memory per key. */
  readonly countKeys?: boolean;
}

export interface RestOptions {
  /** Whether objects have Content-MD5 and ETag, default yes (some multipart uploads have none). */
  readonly md5?: boolean;
  /** Whether those stand in double quotes, default no. */
  readonly quotedMd5?: boolean;
  /**
   * Whether a directory asked for with `x-upyun-folder: false` is an error instead of a listing,
   * default yes.
   */
  readonly honoursFolderHeader?: boolean;
}

export interface DomainOptions {
  /** Image versions that exist, default `s400`. */
  readonly versions?: readonly string[];
  /** Between key and version, default `!`. */
  readonly separator?: "!" | "-" | "_";
  /** Allowed Referers, `*` for any text; default: all. */
  readonly referers?: readonly string[];
  /** Whether a request without Referer passes the list, default yes. */
  readonly emptyReferer?: boolean;
  /** Anti-leech key: then `_upt` is demanded. */
  readonly tokenSecret?: string;
  /** Milliseconds (of the service's clock) for which a key stays 404 after a 404. Default 0. */
  readonly cache404Ms?: number;
  /**
   * Whether the old bytes of an overwritten or removed key go on being served until `purge`.
   * Default no.
   */
  readonly staleCopies?: boolean;
  /** 403 and 404 become a 302 to a picture. Default no. */
  readonly errorPicture?: boolean;
  /** Bytes from which files are sent to another address with 302. Default never. */
  readonly dispatchFrom?: number;
  /**
   * `negotiated` (default) compresses texts above 256 bytes for clients that accept it, `always`
   * everything for all clients.
   */
  readonly gzip?: "negotiated" | "always" | "never";
  /** Whether replies have an ETag, the MD5 of what is sent. Default yes. */
  readonly etag?: boolean;
}
