import {
  type ByteRange,
  cameInPlace,
  type ObjectEntry,
  type ObjectKey,
  SourceError,
  type WantedObject,
} from "@brigade/core";
import { isRedirectToPage, softError } from "../../http/reading/soft-error.ts";
import { describe } from "../../web/metadata.ts";
import type { Asked, Site, SiteAnswer } from "./site.ts";

/** What the server has under a key: a file, a directory, or nothing. */
export type Known = ObjectEntry | "directory" | undefined;

const metadata: Asked = { purpose: "metadata" };
const firstByte: Asked = { ...metadata, range: { from: 0, to: 0 } };

/**
 * Questions about a site's files. Throw SourceError; a page that comes in the place of a file is a
 * refusal of the file.
 */
export class SiteFiles {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  async get(
    { key, fresh }: WantedObject,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<SiteAnswer> {
    const answer = await this.#ask("GET", key, { range, fresh }, signal);
    if (endsInSlash(answer)) {
      answer.response.body.cancel();
      throw new SourceError("forbidden", `${this.#site.shown(key)}: it is a directory`);
    }
    return answer;
  }

  /** The metadata from HEAD, which may be wrong. */
  async head(key: ObjectKey, signal: AbortSignal): Promise<Known> {
    return await this.#describe("HEAD", key, metadata, signal);
  }

  /** The same from the answer to a GET of its first byte. */
  async firstByte(key: ObjectKey, signal: AbortSignal, asked = firstByte): Promise<Known> {
    try {
      return await this.#describe("GET", key, asked, signal);
    } catch (error) {
      // There is no first byte.
      if (error instanceof SourceError && error.status === 416) return { key, size: 0 };
      throw error;
    }
  }

  /** Returns whether there is such a directory, with any kind of page. */
  async hasDirectory(key: ObjectKey, signal: AbortSignal): Promise<boolean> {
    const found = await unlessMissing(this.#site.ask("GET", key === "" ? "" : `${key}/`, metadata, signal));
    found?.response.body.cancel();
    return found !== undefined;
  }

  /**
   * Asks the site itself, past caches. Some servers refuse ranges with a 404 or another status, so
   * that only a GET of the whole file can show that it is gone. A file that HEAD still finds is not
   * gone.
   */
  async stat(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    const fresh = { ...metadata, fresh: true } as const;
    try {
      const byFirstByte = await unlessRefused(this.firstByte(key, signal, { ...firstByte, fresh: true }));
      const known =
        byFirstByte ??
        (await this.#describe("GET", key, fresh, signal)) ??
        (await unlessRefused(this.#describe("HEAD", key, fresh, signal)));
      return known === "directory" ? undefined : known;
    } catch (error) {
      // A page says nothing of the file.
      if (cameInPlace(error)) return { key };
      throw error;
    }
  }

  async #describe(method: "GET" | "HEAD", key: ObjectKey, asked: Asked, signal: AbortSignal): Promise<Known> {
    const answer = await unlessMissing(this.#ask(method, key, asked, signal));
    if (answer === undefined) return undefined;
    if (this.#isDirectory(answer, key)) {
      answer.response.body.cancel();
      return "directory";
    }
    const shown = this.#site.shown(key);
    const entry = describe(answer.response, key, method === "HEAD", shown);
    if (endsInSlash(answer)) throw new SourceError("forbidden", `${shown}: it leads to a directory`);
    return entry;
  }

  async #ask(method: "GET" | "HEAD", key: ObjectKey, asked: Asked, signal: AbortSignal): Promise<SiteAnswer> {
    const answer = await this.#site.ask(method, key, asked, signal);
    const { redirected, response } = answer;
    if (redirected === undefined || this.#isDirectory(answer, key)) return answer;
    if (isRedirectToPage(this.#site.urlOf(key), redirected, response)) {
      response.body.cancel();
      throw softError(this.#site.shown(key), "a redirect to an HTML page in place of the file");
    }
    return answer;
  }

  /** Servers redirect requests for a directory without its slash to the one with it. */
  #isDirectory({ redirected }: SiteAnswer, key: ObjectKey): boolean {
    return redirected !== undefined && redirected.pathname === `${this.#site.urlOf(key).pathname}/`;
  }
}

/**
 * Returns `undefined` if this kind of request was refused: by a status below 500 that is no rate
 * limit.
 */
async function unlessRefused<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof SourceError) || error.kind === "throttled" || cameInPlace(error)) throw error;
    if ((error.status ?? 500) < 500) return undefined;
    throw error;
  }
}

async function unlessMissing<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof SourceError && error.kind === "missing") return undefined;
    throw error;
  }
}

function endsInSlash({ redirected }: SiteAnswer): boolean {
  return redirected?.pathname.endsWith("/") === true;
}
