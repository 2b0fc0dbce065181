import {
  type ByteRange,
  type Cursor,
  type FileEntry,
  join,
  refusal as nameRefusal,
  type ObjectBody,
  type ObjectEntry,
  type ObjectKey,
  type Page,
  type Source,
  SourceError,
} from "@brigade/core";
import pLimit from "p-limit";
import { HttpClient } from "../http/client.ts";
import { assertRequestable } from "../http/encode.ts";
import { clientOptions } from "../http/fetch-variables.ts";
import type { ConfiguredSource } from "../source-reference.ts";
import { describe } from "../web/metadata.ts";
import { isPageInPlace } from "../web/page-in-place.ts";
import { acceptWebBody } from "../web/web-body.ts";
import { type SiteConfig, siteFingerprint } from "./config.ts";
import { IndexDocuments, type Slice } from "./index-documents.ts";
import type { Listed } from "./listed.ts";
import { Site, type SiteAnswer } from "./site.ts";

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
  readonly endpoints: readonly string[] = [];
  readonly #client: HttpClient;
  readonly #site: Site;
  readonly #documents: IndexDocuments;
  /** Whether the times on index pages are GMT, as those in headers are. Unknown until one was compared. */
  #tellsGmt: boolean | undefined;
  #isWelcome = false;

  constructor(config: SiteConfig) {
    this.fingerprint = siteFingerprint(config);
    this.concurrency = config.FETCH_CONCURRENCY;
    this.#client = new HttpClient(clientOptions(config));
    this.#site = new Site(this.#client, config);
    this.#documents = new IndexDocuments(this.#site, config.LIST_PAGE_SIZE);
  }

  async listPage(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Page> {
    if (directory !== "") assertRequestable(directory);
    const { entries, next } = await this.#slice(directory, cursor, signal);
    const files = entries.filter(({ isDirectory }) => !isDirectory);
    return {
      files: await this.#exact(directory, files, signal),
      directories: entries.flatMap(({ name, isDirectory }) => (isDirectory ? [name] : [])),
      next,
    };
  }

  /** Once a directory was given, our credentials are as good as they get: another that wants others is refused to us. */
  async #slice(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Slice> {
    try {
      const slice = await this.#documents.slice(directory, cursor, signal);
      this.#isWelcome = true;
      return slice;
    } catch (error) {
      throw this.#isWelcome ? asForbidden(error) : error;
    }
  }

  async open(object: ObjectEntry, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody> {
    assertRequestable(object.key);
    const { response } = await this.#askForFile("GET", object.key, range, signal);
    return acceptWebBody(response, { object, range, what: this.#site.shown(object.key) });
  }

  async stat(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    assertRequestable(key);
    try {
      const { redirected, response } = await this.#askForFile("HEAD", key, undefined, signal);
      if (!isDirectory(redirected)) return describe(response, key, true);
      response.body.cancel(); // a directory
      return undefined;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (error.kind === "missing") return undefined;
      if (error.status !== 405 && error.status !== 501) throw error;
    }
    const firstByte = { range: { from: 0, to: 0 } };
    const { redirected, response } = await this.#site.ask("GET", key, firstByte, signal);
    const entry = describe(response, key, false);
    return isDirectory(redirected) ? undefined : entry;
  }

  /** Breaks what is still under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** A file that wants other credentials, or has a page in its place, says nothing of the others. */
  async #askForFile(
    method: "GET" | "HEAD",
    key: ObjectKey,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<SiteAnswer> {
    try {
      const answer = await this.#site.ask(method, key, { range }, signal);
      const why = this.#notTheFile(answer, method, key);
      if (why === undefined) return answer;
      answer.response.body.cancel();
      throw new SourceError("forbidden", `${this.#site.shown(key)}: ${why}`);
    } catch (error) {
      throw asForbidden(error);
    }
  }

  #notTheFile({ redirected, response }: SiteAnswer, method: string, key: ObjectKey): string | undefined {
    if (redirected === undefined) return undefined;
    if (method === "GET" && isDirectory(redirected)) return "it is a directory";
    const isPage = isPageInPlace(this.#site.urlOf(key), redirected, response);
    return isPage ? "a redirect to an HTML page in place of the file" : undefined;
  }

  /** What the page does not tell exactly is asked of the files themselves. */
  async #exact(directory: string, files: readonly Listed[], signal: AbortSignal): Promise<FileEntry[]> {
    const isTold = await this.#believes(directory, files, signal);
    const slots = pLimit(askedAtOnce);
    return await Promise.all(
      files.map(async ({ name, size, modified }): Promise<FileEntry> => {
        if (isTold && size !== undefined && modified !== undefined) return { name, size, modified };
        if (nameRefusal(name) !== undefined) return { name };
        return await slots(() => this.#asked(directory, name, signal));
      }),
    );
  }

  /** Whether exact-looking figures are to be believed: some servers write local times. One file of the site settles it. */
  async #believes(directory: string, files: readonly Listed[], signal: AbortSignal): Promise<boolean> {
    const sample = files.find(
      ({ name, size, modified }) =>
        size !== undefined && modified !== undefined && nameRefusal(name) === undefined,
    );
    if (this.#tellsGmt !== undefined || sample?.modified === undefined) return this.#tellsGmt ?? true;
    const { modified, size } = await this.#asked(directory, sample.name, signal);
    if (size === undefined || modified === undefined) return false;
    this.#tellsGmt = sample.size === size && Math.floor(sample.modified / 60) === Math.floor(modified / 60);
    return this.#tellsGmt;
  }

  /** What a refused or vanished file is will be told when it is to be fetched. */
  async #asked(directory: string, name: string, signal: AbortSignal): Promise<FileEntry> {
    try {
      const entry = await this.stat(join(directory, name), signal);
      return { name, size: entry?.size, modified: entry?.modified };
    } catch (error) {
      if (!(error instanceof SourceError) || error.kind !== "forbidden") throw error;
      return { name };
    }
  }
}

function asForbidden(error: unknown): unknown {
  if (!(error instanceof SourceError) || error.kind !== "unauthorized") return error;
  return new SourceError("forbidden", error.message, { status: error.status, cause: error });
}

/** Servers send whoever asks for a directory without its slash to the one with it. */
function isDirectory(redirected: URL | undefined): boolean {
  return redirected?.pathname.endsWith("/") === true;
}
