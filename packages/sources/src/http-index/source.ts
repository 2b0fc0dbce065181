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
  type WantedObject,
} from "@brigade/core";
import pLimit from "p-limit";
import type { DirectSource } from "../direct/direct-source.ts";
import { HttpClient } from "../http/client.ts";
import { clientOptions } from "../http/fetch-variables.ts";
import { assertRequestable } from "../http/requests/encode.ts";
import type { Pacing } from "../pacing/pacing.ts";
import { StateFolder } from "../pages/state-folder.ts";
import type { ConfiguredSource } from "../reference/source-reference.ts";
import { acceptWebBody } from "../web/web-body.ts";
import { IndexDocuments } from "./documents/index-documents.ts";
import { type Found, PageInquiry } from "./doubts/page-inquiry.ts";
import { type SiteConfig, siteFingerprint } from "./site/config.ts";
import { SiteFiles } from "./site/files.ts";
import type { Listed } from "./site/listed.ts";
import { Site } from "./site/site.ts";

/** Requests about single files at once, for an index page without exact sizes or times. */
const askedAtOnce = 32;
/** Files that are used to check the page's times, until one decides it. */
const mostSamples = 4;

/**
 * A web site whose directories have index pages. With exact sizes and times (nginx, Caddy) a file
 * costs one request, otherwise one more: Apache rounds, Python has none.
 */
export class HttpIndex implements ConfiguredSource, Source {
  readonly fingerprint: string;
  readonly variant = undefined;
  readonly manyOrigins = false;
  readonly concurrency: number;
  readonly pacing: Pacing;
  readonly address: string;
  readonly direct: DirectSource | undefined;
  readonly #client: HttpClient;
  readonly #site: Site;
  readonly #files: SiteFiles;
  readonly #documents: IndexDocuments;
  readonly #hangingHeads = new Set<ObjectKey>();
  /**
   * True if the times on index pages are GMT, like those in headers. Unknown until one was
   * compared.
   */
  #isGmt: boolean | undefined;

  constructor(config: SiteConfig) {
    this.fingerprint = siteFingerprint(config);
    this.address = config.origin;
    this.concurrency = config.FETCH_CONCURRENCY.most;
    this.#client = new HttpClient(clientOptions(config));
    this.pacing = this.#client.pacing;
    this.#site = new Site(this.#client, config);
    this.direct = this.#site.direct(this.pacing);
    this.#files = new SiteFiles(this.#site);
    this.#documents = new IndexDocuments(
      this.#site,
      config.LIST_PAGE_SIZE,
      new StateFolder(config.STATE_DIR, config.MIN_FREE),
    );
  }

  async listPage(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Page> {
    if (directory !== "") assertRequestable(directory);
    const { entries, next } = await this.#documents.slice(directory, cursor, signal);
    const found = await this.#exact(directory, entries, signal);
    return {
      files: found.filter((entry) => typeof entry !== "string"),
      directories: found.filter((entry) => typeof entry === "string"),
      next,
    };
  }

  async open(object: WantedObject, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody> {
    assertRequestable(object.key);
    const { response } = await this.#files.get(object, range, signal);
    return acceptWebBody(response, { object, range, what: this.#site.shown(object.key) });
  }

  async stat(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    assertRequestable(key);
    return await this.#files.stat(key, signal);
  }

  /** Breaks off requests that are still under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    this.#documents[Symbol.dispose]();
  }

  /** Details that the page lacks, or has without certainty, are asked of the files themselves. */
  async #exact(directory: string, entries: readonly Listed[], signal: AbortSignal): Promise<Found[]> {
    const inquiry = new PageInquiry(this.#files, directory, this.#hangingHeads);
    const isUsable = await this.#areDatesUsable(inquiry, entries, signal);
    const slots = pLimit(askedAtOnce);
    const found = await Promise.all(
      entries.map(async (entry) => {
        const { name, isDirectory, size, modified, guess, problem, mayBeDirectory } = entry;
        if (problem !== undefined) return [{ name, problem, ...(mayBeDirectory && { mayBeDirectory }) }];
        if (nameRefusal(name) !== undefined) return [isDirectory ? name : { name }];
        if (guess !== undefined) return await slots(() => inquiry.verify(entry, signal));
        if (isDirectory) return [name];
        if (isUsable && size !== undefined && modified !== undefined) return [{ name, size, modified }];
        const asked = await slots(() => inquiry.ask(name, signal));
        return [size === undefined || typeof asked === "string" ? asked : ofExactSize(size, asked)];
      }),
    );
    return found.flat();
  }

  /**
   * Returns whether times that look exact are correct: some servers write local times. One file of
   * the site decides it, if its size is that of the page: otherwise another file has come. Exact
   * sizes of a page need no check.
   */
  async #areDatesUsable(
    inquiry: PageInquiry,
    entries: readonly Listed[],
    signal: AbortSignal,
  ): Promise<boolean> {
    let isKnown = true;
    let asked = 0;
    for (const { name, size, modified: listed, guess } of entries) {
      if (this.#isGmt !== undefined) return this.#isGmt;
      if (asked >= mostSamples) break;
      if (size === undefined || listed === undefined || guess !== undefined) continue;
      if (nameRefusal(name) !== undefined) continue;
      isKnown = false;
      asked++;
      const found = await inquiry.ask(name, signal);
      if (typeof found === "string") continue;
      const { modified, size: sent } = found;
      if (sent === size && modified !== undefined)
        this.#isGmt = Math.floor(listed / 60) === Math.floor(modified / 60);
    }
    return this.#isGmt ?? isKnown;
  }
}

/** The page's size counts. A time that comes with another size is of something else. */
function ofExactSize(size: number, { name, size: sent = size, modified }: FileEntry): FileEntry {
  return { name, size, ...(sent === size && modified !== undefined && { modified }) };
}
