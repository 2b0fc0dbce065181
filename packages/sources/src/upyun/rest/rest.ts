import { SourceError } from "@brigade/core";
import type { Origin } from "../../http/client.ts";
import { routeRefusal } from "../../http/reading/refusal.ts";
import type { HttpResponse } from "../../http/reading/response.ts";
import { header } from "../../http/reading/response.ts";
import { encodePath } from "../../http/requests/encode.ts";
import type { Purpose } from "../../pacing/turns/turn.ts";
import { type ErrorReply, readErrorReply } from "./error-reply.ts";
import { basicAuthorization, Signer, type StoreTime } from "./signature.ts";

export interface RestOptions {
  readonly bucket: string;
  readonly operator: string;
  readonly password: string;
  readonly auth: "signature" | "basic";
  readonly userAgent: string;
}

/** Requests to the REST API, authorised one by one. */
export class Rest {
  readonly time: StoreTime;
  #isUpyun = false;
  readonly #origin: Origin;
  readonly #bucket: string;
  readonly #userAgent: string;
  readonly #signer: Signer | undefined;
  readonly #basic: string;

  constructor(origin: Origin, options: RestOptions, time: StoreTime) {
    const { operator, password } = options;
    this.#origin = origin;
    this.#bucket = `/${encodePath(options.bucket)}/`;
    this.#userAgent = options.userAgent;
    this.#signer = options.auth === "signature" ? new Signer(operator, password) : undefined;
    this.#basic = options.auth === "basic" ? basicAuthorization(operator, password) : "";
    this.time = time;
  }

  /**
   * `path` is not yet encoded. Returns a response of status 2xx, or the refusal in the store's
   * words. If the refusal is that our clock is wrong, the clock is corrected and the request sent
   * once more.
   */
  async send(
    method: "GET" | "HEAD",
    path: string,
    extra: readonly string[],
    signal: AbortSignal,
    purpose?: Purpose,
  ): Promise<HttpResponse | ErrorReply> {
    const uri = this.#bucket + encodePath(path);
    const offset = this.time.offsetMs;
    const response = await this.#origin.send(method, uri, this.#headers(method, uri, extra), signal, purpose);
    const reply = await this.#read(response);
    if (isResponse(reply) || !this.#clockIsWrong(reply, offset)) return reply;
    return await this.#read(
      await this.#origin.send(method, uri, this.#headers(method, uri, extra), signal, purpose),
    );
  }

  /**
   * Throws SourceError if this host has never answered like UpYun's API, and does not now, when it
   * is asked for the bucket's root. This check is for answers that only UpYun's API may give:
   * without it, objects would count as vanished by a web server's 404.
   */
  async assertUpyun(signal: AbortSignal): Promise<void> {
    if (this.#isUpyun) return;
    const answer = await this.send(
      "GET",
      "",
      ["x-list-limit", "1", "x-upyun-folder", "true"],
      signal,
      "page",
    );
    if (isResponse(answer)) answer.body.cancel();
    // An outage does not show what server it is.
    if (this.#isUpyun || answer.status >= 500 || answer.status === 429) return;
    const seen = isResponse(answer) ? `status ${answer.status}, no listing` : answer.text;
    const { name } = this.#origin;
    throw new SourceError(
      "misconfigured",
      `${name}: this host does not answer as UpYun's API does: check UPYUN_ENDPOINT (${seen})`,
      { status: answer.status },
    );
  }

  /** Returns the store's time in Unix milliseconds; `undefined` if its answer has none. */
  async clock(signal: AbortSignal): Promise<number | undefined> {
    const response = await this.#origin.send("HEAD", "/", ["user-agent", this.#userAgent], signal);
    response.body.cancel();
    const refused = routeRefusal(response, "");
    if (refused !== undefined) throw refused;
    const at = Date.parse(header(response.headers, "date") ?? "");
    return Number.isNaN(at) ? undefined : at;
  }

  async #read(response: HttpResponse): Promise<HttpResponse | ErrorReply> {
    if (response.status < 300) {
      const { headers, route } = response;
      const isUpyuns =
        headers["x-upyun-list-iter"] !== undefined || headers["x-upyun-file-type"] !== undefined;
      if (isUpyuns) route.cameFromOrigin(header(headers, "server"));
      this.#isUpyun ||= isUpyuns;
      return response;
    }
    const reply = await readErrorReply(response, this.time.now());
    this.#isUpyun ||= reply.code !== undefined && Math.floor(reply.code / 100_000) === reply.status;
    return reply;
  }

  /**
   * A refused HEAD has no body, hence no code: then only the dates can be compared. `offset`: the
   * correction that the refused request was signed with; another request may have corrected the
   * clock since.
   */
  #clockIsWrong({ status, code, date }: ErrorReply, offset: number): boolean {
    if (status !== 401 || (code !== undefined && code !== 40100002)) return false;
    return this.time.learn(date) || this.time.offsetMs !== offset;
  }

  #headers(method: string, uri: string, extra: readonly string[]): string[] {
    const date = this.time.date();
    const authorization = this.#signer?.authorization(method, uri, date) ?? this.#basic;
    return [
      "authorization",
      authorization,
      "date",
      date,
      "user-agent",
      this.#userAgent,
      "accept-encoding",
      "identity",
      ...extra,
    ];
  }
}

export function isResponse(answer: HttpResponse | ErrorReply): answer is HttpResponse {
  return "headers" in answer;
}

/** A refusal that is not in UpYun's words, so may be another server's. */
export function isStranger({ status, code }: ErrorReply): boolean {
  return code === undefined && status < 500 && status !== 401 && status !== 429;
}

/** A header that must be a whole number; `what` and the name go into the error. */
export function requireInteger(response: HttpResponse, name: string, what: string): number {
  const text = header(response.headers, name);
  const value = text === undefined || !/^-?\d+$/.test(text) ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(value))
    throw new SourceError("unavailable", `${what}: the answer has no usable ${name}`);
  return value;
}
