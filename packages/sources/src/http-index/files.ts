import { type ByteRange, type ObjectEntry, type ObjectKey, SourceError } from "@brigade/core";
import { describe } from "../web/metadata.ts";
import { isPageInPlace } from "../web/page-in-place.ts";
import type { Asked, Site, SiteAnswer } from "./site.ts";

const firstByte: Asked = { range: { from: 0, to: 0 }, purpose: "metadata" };

/** Questions about a site's files. Throw SourceError; a page that comes in the place of a file is a refusal of the file. */
export class SiteFiles {
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  async get(key: ObjectKey, range: ByteRange | undefined, signal: AbortSignal): Promise<SiteAnswer> {
    const answer = await this.#ask("GET", key, { range }, signal);
    if (isDirectory(answer)) throw this.#refuse(answer, key, "it is a directory");
    return answer;
  }

  /** What HEAD tells of it, which may be wrong. Returns `undefined` if it does not exist, or is a directory. */
  async head(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    return await unlessMissing(async () => {
      const answer = await this.#ask("HEAD", key, {}, signal);
      return describeFile(answer, key, true);
    });
  }

  /** The same from the answer to a GET of its first byte. */
  async firstByte(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    return await unlessMissing(async () => {
      try {
        const answer = await this.#ask("GET", key, firstByte, signal);
        return describeFile(answer, key, false);
      } catch (error) {
        // There is no first byte.
        if (error instanceof SourceError && error.status === 416) return { key, size: 0 };
        throw error;
      }
    });
  }

  /** What HEAD tells of a file that GET does not know. A server that refuses HEAD does not know it either. */
  async headDespiteGet(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    try {
      return await this.head(key, signal);
    } catch (error) {
      if (error instanceof SourceError && (error.status ?? 500) < 500 && error.kind !== "throttled")
        return undefined;
      throw error;
    }
  }

  async #ask(method: "GET" | "HEAD", key: ObjectKey, asked: Asked, signal: AbortSignal): Promise<SiteAnswer> {
    const answer = await this.#site.ask(method, key, asked, signal);
    const { redirected, response } = answer;
    if (redirected !== undefined && isPageInPlace(this.#site.urlOf(key), redirected, response))
      throw this.#refuse(answer, key, "a redirect to an HTML page in place of the file");
    return answer;
  }

  #refuse({ response }: SiteAnswer, key: ObjectKey, why: string): SourceError {
    response.body.cancel();
    return new SourceError("forbidden", `${this.#site.shown(key)}: ${why}`);
  }
}

function describeFile(answer: SiteAnswer, key: ObjectKey, isHead: boolean): ObjectEntry | undefined {
  const entry = describe(answer.response, key, isHead);
  return isDirectory(answer) ? undefined : entry;
}

async function unlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SourceError && error.kind === "missing") return undefined;
    throw error;
  }
}

/** Servers send whoever asks for a directory without its slash to the one with it. */
function isDirectory({ redirected }: SiteAnswer): boolean {
  return redirected?.pathname.endsWith("/") === true;
}
