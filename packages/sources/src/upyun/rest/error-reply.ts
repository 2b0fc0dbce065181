import type { FaultScope } from "@brigade/core";
import { readText } from "../../http/reading/read-text.ts";
import { meaningOfPace, routeRefusal, scopeByPace } from "../../http/reading/refusal.ts";
import { type HttpResponse, header } from "../../http/reading/response.ts";
import { retryAfterMs } from "../../http/reading/retry-after.ts";
import { type Verdict, verdictOn } from "../../pacing/turns/turn.ts";
import { type Meaning, perAddress, sameUri, tooMuch } from "./codes.ts";

/**
 * A refusal as the store or the CDN words it: `{code, msg, id}`, the code a number or a text, or no
 * JSON at all.
 */
export interface ErrorReply {
  readonly status: number;
  readonly statusText: string;
  /** 8 digits, the first three the status; absent where the body has none (HEAD, gateways). */
  readonly code: number | undefined;
  /** For people: status, code, words and request id, one line. */
  readonly text: string;
  readonly body: string;
  readonly retryAfterMs: number | undefined;
  readonly date: string | undefined;
  /** The finding of its server's pace, if there is one. */
  readonly ofPace: Meaning | undefined;
  readonly scopeByPace: FaultScope | undefined;
}

/** Throws SourceError if the answer is not the store's, but a proxy's or that of a wrong port. */
export async function readErrorReply(response: HttpResponse, nowMs: number): Promise<ErrorReply> {
  const { status, statusText, headers } = response;
  const body = await readText(response.body);
  const ofRoute = routeRefusal(response, body);
  if (ofRoute !== undefined) throw ofRoute;
  const fields = parse(body);
  const waitMs = retryAfterMs(headers, nowMs) ?? (fields.code === perAddress ? 60_000 : undefined);
  response.turn?.judge(verdictOf(status, fields.code), waitMs);
  const id = fields.id ?? header(headers, "x-request-id");
  const said = [fields.code, fields.msg, id === undefined ? undefined : `request ${id}`];
  const words = said.filter((part) => part !== undefined).join(", ");
  return {
    status,
    statusText,
    code: fields.code,
    text: words === "" ? `status ${status}` : `status ${status}: ${words}`,
    body,
    retryAfterMs: waitMs,
    date: header(headers, "date"),
    ofPace: meaningOfPace(response),
    scopeByPace: scopeByPace(response),
  };
}

/** Returns the meaning of the answer for our pace, if its code says more than its status. */
function verdictOf(status: number, code: number | undefined): Verdict {
  switch (code) {
    case sameUri:
      return "served";
    case tooMuch:
      return "banned";
    case perAddress:
      return "refused";
    default:
      return verdictOn(status);
  }
}

function parse(body: string): { code?: number; msg?: string; id?: string } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return {};
  }
  if (typeof value !== "object" || value === null) return {};
  const code = "code" in value ? Number(value.code) : Number.NaN;
  return {
    ...(Number.isSafeInteger(code) ? { code } : {}),
    ...("msg" in value && typeof value.msg === "string" ? { msg: printable(value.msg) } : {}),
    ...("id" in value && typeof value.id === "string" ? { id: printable(value.id) } : {}),
  };
}

/** Foreign text for a log line: no control characters, not long. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, 200);
}
