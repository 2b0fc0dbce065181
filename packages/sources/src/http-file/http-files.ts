import { ConfigError } from "@brigade/core";
import { completeRange } from "../http/reading/content-range.ts";
import { refusal } from "../http/reading/refusal.ts";
import { type HttpResponse, header } from "../http/reading/response.ts";
import type { CookieJar } from "../web/cookies.ts";
import { follow, type Reply } from "../web/follow.ts";
import { type HeaderSettings, requestHeaders } from "../web/request-headers.ts";
import { shown } from "../web/shown.ts";
import { refuseEncoded } from "./compressed.ts";
import { dispositionName, safeName, urlName } from "./file-name.ts";
import { type Ask, FoundFile, type HttpFile, onlyPart } from "./http-file.ts";
import { type RouteOptions, Routes } from "./routes.ts";

export interface HttpFilesOptions extends HeaderSettings, RouteOptions {
  readonly cookies: CookieJar;
}

export interface FindOptions {
  /** False: the file is fetched in one stream. By default it may come in pieces. */
  readonly ranges?: boolean;
  /** A checksum will show whether all pieces are of one state. */
  readonly proven?: boolean;
}

/** Files on web servers, by their URLs, and the connections to them. */
export class HttpFiles implements AsyncDisposable {
  readonly #options: HttpFilesOptions;
  readonly #routes: Routes;

  constructor(options: HttpFilesOptions) {
    this.#options = options;
    this.#routes = new Routes(options);
  }

  /**
   * Asks for the first byte, whose answer has all that is needed, or for the whole at once. Throws
   * SourceError.
   */
  async find(url: URL, signal: AbortSignal, how: FindOptions = {}): Promise<HttpFile> {
    const { ranges = true, proven = false } = how;
    const whole = () => follow(url, (hop) => this.#ask(hop, url, undefined, signal));
    if (!ranges) return await this.#found(url, await whole(), proven, [200]);
    const firstByte = { bytes: { from: 0, to: 0 }, ifStill: undefined };
    const probe = await follow(url, (hop) => this.#ask(hop, url, firstByte, signal));
    if (probe.response.status < 400) return await this.#found(url, probe, proven, [200, 206]);
    // An empty file has no first byte; and some servers refuse any range, each with a status of its
    // own.
    probe.response.body.cancel();
    return await this.#found(url, await whole(), proven, [200]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#routes[Symbol.asyncDispose]();
  }

  async #found(
    first: URL,
    { url, response }: Reply,
    proven: boolean,
    good: readonly number[],
  ): Promise<HttpFile> {
    const what = shown(first);
    if (response.status === 206 && !good.includes(206)) throw onlyPart(response, what);
    if (!good.includes(response.status)) throw await refusal(response, what, Date.now());
    const name = nameOf(first, url, response);
    refuseEncoded(response, what, [name, first.pathname, url.pathname]);
    const total = response.status === 206 ? completeRange(response.headers)?.total : response.body.length;
    const refusesRanges = header(response.headers, "accept-ranges")?.trim().toLowerCase() === "none";
    const ranges = response.status === 206 && total !== undefined && !refusesRanges;
    if (response.status === 206) response.body.cancel();
    return new FoundFile({ first, url, response, name, length: total, ranges, proven }, this.#ask);
  }

  readonly #ask: Ask = async (url, first, range, signal) => {
    const headers = requestHeaders(url, first, this.#options, range);
    const expected = range === undefined ? undefined : range.bytes.to - range.bytes.from + 1;
    const response = await this.#routes.get(url, first, headers, signal, expected);
    const cookies = response.headers["set-cookie"] ?? [];
    for (const cookie of typeof cookies === "string" ? [cookies] : cookies)
      this.#options.cookies.set(url, cookie);
    return response;
  };
}

/**
 * Returns the name from the server, else from the URL that looks like a file's: the first one, or
 * the target of redirects.
 */
function nameOf(first: URL, last: URL, { headers }: HttpResponse): string {
  const said = dispositionName(header(headers, "content-disposition"));
  if (said !== undefined && said !== "") return safeName(said);
  const names = [urlName(first), urlName(last)];
  return safeName(
    names.find((name) => name.includes(".")) ?? names.find((name) => name !== "") ?? first.hostname,
  );
}

/** Throws ConfigError. */
export function parseFileUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new ConfigError([`"${text.replace(/\/\/[^/@]*@/, "//")}": must be an http:// or https:// URL`]);
  url.hash = "";
  return url;
}
