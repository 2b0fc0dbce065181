import {
  type ByteRange,
  type ObjectBody,
  type ObjectEntry,
  SourceError,
  type WantedObject,
} from "@brigade/core";
import { acceptBody } from "../bodies/object-body.ts";
import type { ErrorReply } from "../rest/error-reply.ts";
import { domainError } from "../rest/errors.ts";
import { isResponse } from "../rest/rest.ts";
import type { Store } from "../rest/store.ts";
import { type Domain, isRefused } from "./domain.ts";
import type { OriginalByDomain } from "./original.ts";

/** The CDN keeps an error for 5 minutes. */
const errorsAreCachedMs = 5 * 60_000;

export interface VariantOptions {
  /** With its separator: `!s400`. */
  readonly version: string;
  /** The rule for an object that is no picture, or whose key no domain can name. */
  readonly fallback: "original" | "fail";
}

/** Image versions, which exist on the domain only. Their size and digest are unknown beforehand. */
export class VariantByDomain {
  readonly #domain: Domain;
  readonly #original: OriginalByDomain;
  readonly #store: Store;
  readonly #options: VariantOptions;

  constructor(domain: Domain, original: OriginalByDomain, store: Store, options: VariantOptions) {
    this.#domain = domain;
    this.#original = original;
    this.#store = store;
    this.#options = options;
  }

  async open(object: WantedObject, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody> {
    const { version } = this.#options;
    const what = `get ${object.key}${version}`;
    if (!this.#domain.canName(object.key))
      return await this.#fallBack(object, range, signal, `${what}: the key holds the separator of versions`);
    const answer = await this.#domain.get(object.key, version, range, signal);
    if (isRefused(answer)) {
      await this.#assertStored(object, what, signal);
      throw new SourceError("forbidden", `${what}: the domain redirects to ${answer.redirect}`, {
        status: 302,
      });
    }
    if (isResponse(answer)) return acceptBody(answer, { object, range, variant: true, what });
    if (isUnknownVersion(answer))
      throw new SourceError(
        "misconfigured",
        `UPYUN_VERSION: there is no image version ${version} (${answer.text})`,
        {
          status: answer.status,
        },
      );
    if (isNoPicture(answer))
      return await this.#fallBack(
        object,
        range,
        signal,
        `${what}: no picture (${answer.text})`,
        answer.status,
      );
    if (answer.status === 404 || answer.status === 410) {
      await this.#assertStored(object, what, signal);
      throw new SourceError("unavailable", `${what}: the store has it, the domain not yet (${answer.text})`, {
        status: answer.status,
        retryAfterMs: errorsAreCachedMs,
      });
    }
    throw domainError(answer, what);
  }

  async #fallBack(
    object: WantedObject,
    range: ByteRange | undefined,
    signal: AbortSignal,
    why: string,
    status?: number,
  ): Promise<ObjectBody> {
    if (this.#options.fallback === "fail") throw new SourceError("forbidden", why, { status });
    return await this.#original.open(object, range, signal);
  }

  /** Throws `missing` when the store itself does not have the object. */
  async #assertStored(object: ObjectEntry, what: string, signal: AbortSignal): Promise<void> {
    if ((await this.#store.stat(object.key, signal)) === undefined)
      throw new SourceError("missing", `${what}: gone from the store`, { status: 404 });
  }
}

/** 404 "Not Profile", in the body or in the status line. */
function isUnknownVersion({ status, statusText, code, body }: ErrorReply): boolean {
  if (code === 40300017) return true;
  return (status === 404 || status === 400) && /not\s+profile/i.test(`${statusText} ${body}`);
}

/**
 * 405 not an image or beyond the side limit, 406, 409 beyond 200 M pixels; not the 405 of a domain
 * switched off.
 */
function isNoPicture({ status, code }: ErrorReply): boolean {
  if (code === 40300018) return true;
  if (code === 40510001 || code === 40510004) return false;
  return status === 405 || status === 406 || status === 409 || status === 415;
}
