import {
  type ByteRange,
  type ObjectBody,
  type ObjectEntry,
  type ObjectKey,
  SourceError,
} from "@brigade/core";
import { md5OfStore } from "../../http/reading/digests.ts";
import { header } from "../../http/reading/response.ts";
import { rangeHeaders } from "../../http/requests/request-headers.ts";
import { acceptBody } from "../bodies/object-body.ts";
import { restError } from "./errors.ts";
import { isResponse, isStranger, type Rest, requireInteger } from "./rest.ts";

/**
 * With `x-upyun-folder` a directory of this name is not sent as a listing in place of the object.
 */
const objectHeaders = ["accept", "*/*", "x-upyun-folder", "false"];

/** Objects by the REST API: the store itself, not a cache of it. Originals only. */
export class Store {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  async open(object: ObjectEntry, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody> {
    const what = `get ${object.key}`;
    const answer = await this.#rest.send(
      "GET",
      object.key,
      [...objectHeaders, ...rangeHeaders(range)],
      signal,
    );
    if (!isResponse(answer)) {
      if (answer.status === 416 || answer.code === 40001161)
        throw new SourceError("damaged", `${what}: it is shorter than the range (${answer.text})`);
      if (isStranger(answer)) await this.#rest.assertUpyun(signal);
      throw restError(answer, what);
    }
    return acceptBody(answer, { object, range, variant: false, what });
  }

  /** `undefined` if it is a directory, or does not exist, which GET has to confirm. */
  async stat(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    const what = `ask for ${key}`;
    const answer = await this.#rest.send("HEAD", key, ["accept", "*/*"], signal);
    if (!isResponse(answer)) {
      if (isStranger(answer)) await this.#rest.assertUpyun(signal);
      if (answer.status === 404) return await this.#assertGone(key, what, signal);
      throw restError(answer, what);
    }
    answer.body.cancel();
    const type = header(answer.headers, "x-upyun-file-type");
    if (type === "folder") return undefined;
    if (type === undefined) await this.#rest.assertUpyun(signal);
    if (type === undefined)
      throw new SourceError("unavailable", `${what}: the answer has no x-upyun-file-type`);
    const md5 = md5OfStore(answer.headers);
    return {
      key,
      // Content-Length can be missing, and may not be the object's size if a gateway answers HEAD
      // itself.
      size: requireInteger(answer, "x-upyun-file-size", what),
      modified: requireInteger(answer, "x-upyun-file-date", what),
      ...(md5 === undefined ? {} : { etag: md5 }),
    };
  }

  async #assertGone(key: ObjectKey, what: string, signal: AbortSignal): Promise<undefined> {
    const answer = await this.#rest.send("GET", key, objectHeaders, signal, "metadata");
    if (!isResponse(answer)) {
      if (answer.status === 404 || answer.status === 410) return;
      throw restError(answer, what);
    }
    answer.body.cancel();
    throw new SourceError("unavailable", `${what}: HEAD says 404, but GET gives it`, { status: 404 });
  }
}
