import {
  type ByteRange,
  type ObjectBody,
  type ObjectEntry,
  SourceError,
  type WantedObject,
} from "@brigade/core";
import { md5OfStore } from "../../http/reading/digests.ts";
import { lastModified } from "../../http/reading/last-modified.ts";
import type { HttpResponse } from "../../http/reading/response.ts";
import { acceptBody } from "../bodies/object-body.ts";
import { domainError } from "../rest/errors.ts";
import { isResponse } from "../rest/rest.ts";
import type { Store } from "../rest/store.ts";
import { type Domain, isRefused } from "./domain.ts";

/**
 * After this number of dates that differ from the store's for the same bytes, the domain's dates do
 * not count.
 */
const enough = 3;

/**
 * Originals through the domain. An answer that differs from the listed object (a 404 that may be an
 * old one in the cache, an error's picture, a compressed or older body, one of another length) is
 * checked with the store itself, so that a cache can lose nothing. A clear refusal of the domain is
 * a refusal.
 */
export class OriginalByDomain {
  readonly #domain: Domain;
  readonly #store: Store;
  /** Same bytes as the store's, but an older date: in a row, so far. */
  #wrongDates = 0;

  constructor(domain: Domain, store: Store) {
    this.#domain = domain;
    this.#store = store;
  }

  async open(object: WantedObject, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody> {
    if (object.fresh || !this.#domain.canName(object.key))
      return await this.#store.open(object, range, signal);
    const answer = await this.#domain.get(object.key, "", range, signal);
    if (isRefused(answer)) return await this.#store.open(object, range, signal);
    if (!isResponse(answer)) {
      const { status } = answer;
      if (status === 404 || status === 410 || status === 416)
        return await this.#store.open(object, range, signal);
      throw domainError(answer, `get ${object.key} through the domain`);
    }
    if (await this.#isOutdated(answer, object, range, signal)) {
      answer.body.cancel();
      return await this.#store.open(object, range, signal);
    }
    try {
      return acceptBody(answer, {
        object,
        range,
        variant: false,
        what: `get ${object.key} through the domain`,
      });
    } catch (error) {
      if (!(error instanceof SourceError) || error.kind !== "damaged") throw error;
      return await this.#store.open(object, range, signal);
    }
  }

  /**
   * A copy from before the listing, or of another size (and no newer, as an overwritten object
   * would be).
   */
  async #isOutdated(
    response: HttpResponse,
    object: ObjectEntry,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const modified = this.#wrongDates < enough ? lastModified(response.headers) : undefined;
    const { length } = response.body;
    const resized = range === undefined && length !== undefined && length !== object.size;
    const { modified: listed = 0 } = object;
    if (resized) return !(modified !== undefined && modified > listed);
    if (modified === undefined || modified >= listed) return false;
    if (range !== undefined) return true;
    return !(await this.#isSame(response, object, signal));
  }

  /** Asks the store for the object, and checks if the domain's dates can be used. */
  async #isSame(response: HttpResponse, object: ObjectEntry, signal: AbortSignal): Promise<boolean> {
    try {
      const stored = await this.#store.stat(object.key, signal);
      if (stored === undefined) throw new SourceError("missing", `get ${object.key}: gone from the store`);
      const { length } = response.body;
      const md5 = md5OfStore(response.headers);
      const digests = md5 !== undefined && stored.etag !== undefined;
      const sameSize = length === undefined ? digests : length === stored.size;
      const same = sameSize && (!digests || md5 === stored.etag);
      this.#wrongDates = same ? this.#wrongDates + 1 : 0;
      // Without two digests to compare, equal sizes say something about the dates, but prove
      // nothing about these bytes.
      return same && digests;
    } catch (error) {
      response.body.cancel();
      throw error;
    }
  }
}
