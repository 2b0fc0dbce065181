import {
  type ByteRange,
  type Cursor,
  type FileEntry,
  refusal as nameRefusal,
  type ObjectBody,
  type ObjectEntry,
  type ObjectKey,
  type Page,
  type Source,
} from "@brigade/core";
import pLimit from "p-limit";
import { HttpClient } from "../http/client.ts";
import { assertRequestable } from "../http/encode.ts";
import { clientOptions } from "../http/fetch-variables.ts";
import type { Pacing } from "../pacing/pacing.ts";
import type { ConfiguredSource } from "../source-reference.ts";
import { acceptWebBody } from "../web/web-body.ts";
import { type SiteConfig, siteFingerprint } from "./config.ts";
import { SiteFiles } from "./files.ts";
import { IndexDocuments } from "./index-documents.ts";
import type { Listed } from "./listed.ts";
import { PageInquiry } from "./page-inquiry.ts";
import { Site } from "./site.ts";

/** Questions about single files at once, for a page of an index that does not tell sizes or times exactly. */
const askedAtOnce = 32;

/**
 * A web site whose directories have index pages. Where these tell exact sizes and times (nginx, Caddy) a file costs one request,
 * else one more: Apache rounds, Python says nothing.
 */
export class HttpIndex implements ConfiguredSource, Source {
  readonly fingerprint: string;
  readonly capabilities = { ranges: true, listing: true } as const;
  readonly concurrency: number;
  readonly pacing: Pacing;
  readonly address: string;
  readonly #client: HttpClient;
  readonly #site: Site;
  readonly #files: SiteFiles;
  readonly #documents: IndexDocuments;
  readonly #hangingHeads = new Set<ObjectKey>();
  /** Whether the times on index pages are GMT, as those in headers are. Unknown until one was compared. */
  #tellsGmt: boolean | undefined;

  constructor(config: SiteConfig) {
    this.fingerprint = siteFingerprint(config);
    this.address = config.origin;
    this.concurrency = config.FETCH_CONCURRENCY;
    this.#client = new HttpClient(clientOptions(config));
    this.pacing = this.#client.pacing;
    this.#site = new Site(this.#client, config);
    this.#files = new SiteFiles(this.#site);
    this.#documents = new IndexDocuments(this.#site, config.LIST_PAGE_SIZE);
  }

  async listPage(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Page> {
    if (directory !== "") assertRequestable(directory);
    const { entries, next } = await this.#documents.slice(directory, cursor, signal);
    const files = entries.filter(({ isDirectory }) => !isDirectory);
    return {
      files: await this.#exact(directory, files, signal),
      directories: entries.flatMap(({ name, isDirectory }) => (isDirectory ? [name] : [])),
      next,
    };
  }

  async open(object: ObjectEntry, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody> {
    assertRequestable(object.key);
    const { response } = await this.#files.get(object.key, range, signal);
    return acceptWebBody(response, { object, range, what: this.#site.shown(object.key) });
  }

  /** A GET has the last word, since it is what brings the file. But what HEAD still knows of is not gone. */
  async stat(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    assertRequestable(key);
    return (await this.#files.firstByte(key, signal)) ?? (await this.#files.headDespiteGet(key, signal));
  }

  /** Breaks what is still under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** What the page does not tell exactly is asked of the files themselves. */
  async #exact(directory: string, files: readonly Listed[], signal: AbortSignal): Promise<FileEntry[]> {
    const inquiry = new PageInquiry(this.#files, directory, this.#hangingHeads);
    const isTold = await this.#believes(inquiry, files, signal);
    const slots = pLimit(askedAtOnce);
    return await Promise.all(
      files.map(async ({ name, size, modified }): Promise<FileEntry> => {
        if (isTold && size !== undefined && modified !== undefined) return { name, size, modified };
        if (nameRefusal(name) !== undefined) return { name };
        return await slots(() => inquiry.ask(name, signal));
      }),
    );
  }

  /** Whether exact-looking figures are to be believed: some servers write local times. One file of the site settles it. */
  async #believes(inquiry: PageInquiry, files: readonly Listed[], signal: AbortSignal): Promise<boolean> {
    const sample = files.find(
      ({ name, size, modified }) =>
        size !== undefined && modified !== undefined && nameRefusal(name) === undefined,
    );
    if (this.#tellsGmt !== undefined || sample?.modified === undefined) return this.#tellsGmt ?? true;
    const { modified, size } = await inquiry.ask(sample.name, signal);
    if (size === undefined || modified === undefined) return false;
    this.#tellsGmt = sample.size === size && Math.floor(sample.modified / 60) === Math.floor(modified / 60);
    return this.#tellsGmt;
  }
}
