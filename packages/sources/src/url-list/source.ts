import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ByteRange,
  type Cursor,
  cameInPlace,
  NameError,
  type ObjectBody,
  type ObjectEntry,
  type ObjectKey,
  type Page,
  type Source,
  SourceError,
  type WantedObject,
} from "@brigade/core";
import { HttpClient } from "../http/client.ts";
import { abortError, watch } from "../http/faults/cancelled.ts";
import { clientOptions } from "../http/fetch-variables.ts";
import { assertRequestable } from "../http/requests/encode.ts";
import type { Pacing } from "../pacing/pacing.ts";
import { StateFolder } from "../pages/state-folder.ts";
import type { ConfiguredSource } from "../reference/source-reference.ts";
import { describe } from "../web/metadata.ts";
import { shown } from "../web/shown.ts";
import { acceptWebBody } from "../web/web-body.ts";
import type { ListConfig } from "./config.ts";
import { openList, originOf } from "./list-file.ts";
import { etagOf, type IndexedObject, type ListIndex } from "./list-index.ts";
import { ListedUrls } from "./listed-urls.ts";

/**
 * Milliseconds that requests wait because one host of many asked for it; their objects are tried
 * again later.
 */
const hostPatience = 5_000;

/**
 * The objects of a list of URLs, from any hosts. The list is read into an index on disk at the
 * first request, so that it can be listed in pages and searched by key, at any length.
 */
export class UrlList implements ConfiguredSource, Source {
  readonly fingerprint: string;
  readonly variant = undefined;
  readonly manyOrigins = true;
  readonly concurrency: number;
  readonly pacing: Pacing;
  readonly #config: ListConfig;
  readonly #client: HttpClient;
  readonly #urls: ListedUrls;
  readonly #closing = new AbortController();
  #opening: Promise<ListIndex> | undefined;
  #opened: ListIndex | undefined;
  /** To be removed with all its contents. */
  #temporary: string | undefined;

  constructor(config: ListConfig) {
    this.#config = config;
    this.fingerprint = createHash("sha256")
      .update(JSON.stringify(["list", config.name]))
      .digest("hex");
    this.concurrency = config.FETCH_CONCURRENCY.most;
    this.#client = new HttpClient({ ...clientOptions(config), patience: hostPatience });
    this.pacing = this.#client.pacing;
    this.#urls = new ListedUrls(this.#client, config);
  }

  async listPage(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Page> {
    const index = await this.#index(signal, directory === "" && cursor === undefined);
    return index.page(directory, cursor, this.#config.LIST_PAGE_SIZE);
  }

  async open(object: WantedObject, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody> {
    assertRequestable(object.key);
    const row = await this.#find(object.key, signal);
    // Not `missing`: only the server can say that.
    if (row === undefined) throw new NameError("the list does not name it (any more, or on this host)");
    const url = this.#urlOf(row);
    const response = await this.#urls.get(url, { range, fresh: object.fresh }, signal);
    return acceptWebBody(response, {
      object,
      range,
      md5: row.md5 ?? undefined,
      what: shown(url),
    });
  }

  /** The details in the list count; the rest is asked of the server. */
  async stat(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    assertRequestable(key);
    const row = await this.#find(key, signal);
    if (row === undefined) return undefined;
    const listed = { key, size: row.size ?? undefined, etag: etagOf(row) };
    const url = this.#urlOf(row);
    try {
      const { size, modified } = describe(await this.#urls.look(url, signal), key, false, shown(url));
      return { ...listed, size: listed.size ?? size, modified };
    } catch (error) {
      if (error instanceof SourceError && error.kind === "missing") return undefined;
      // A page says nothing of the file.
      if (cameInPlace(error)) return listed;
      throw error;
    }
  }

  /** Breaks off requests that are still under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const index = await this.#opening?.catch(() => undefined); // the error goes to the callers
    index?.[Symbol.dispose]();
    await this.#client[Symbol.asyncDispose]();
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true });
  }

  async #find(key: ObjectKey, signal: AbortSignal): Promise<IndexedObject | undefined> {
    const found = (await this.#index(signal)).find(key);
    return found ?? (await this.#index(signal, true)).find(key);
  }

  #urlOf({ url, line, problem }: IndexedObject): URL {
    if (url === null) throw new NameError(`${this.#config.file.label}:${line}: ${problem}`);
    return new URL(url);
  }

  /**
   * Several callers may wait for it: an aborted one only stops waiting. `anew`: read again if the
   * file has changed.
   */
  async #index(signal: AbortSignal, anew = false): Promise<ListIndex> {
    if (signal.aborted) throw abortError(signal.reason);
    if (anew && this.#opened !== undefined && this.#opened.origin !== originOf(this.#config.file)) {
      this.#opened[Symbol.dispose]();
      this.#opened = undefined;
      this.#opening = undefined;
    }
    this.#opening ??= this.#open();
    const { promise, reject } = Promise.withResolvers<never>();
    const waiting = { abort: reject };
    const watched = watch(signal, waiting);
    try {
      return await Promise.race([this.#opening, promise]);
    } finally {
      watched.delete(waiting);
    }
  }

  async #open(): Promise<ListIndex> {
    const { file, name, stateFolder, stdin, MIN_FREE: minFree } = this.#config;
    if (stateFolder === undefined) this.#temporary ??= await mkdtemp(join(tmpdir(), "brigade-list-"));
    else new StateFolder(stateFolder, minFree).make();
    const folder = stateFolder === undefined ? this.#temporary : join(stateFolder, "lists");
    const opened = await openList(
      file,
      { folder: new StateFolder(folder, minFree), name, stdin },
      this.#closing.signal,
    );
    this.#opened = opened;
    this.#urls.hosts = opened.hosts;
    return opened;
  }
}
