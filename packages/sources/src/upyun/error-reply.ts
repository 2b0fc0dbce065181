import { type HttpResponse, header } from "../http/exchange.ts";

/** Bytes of an error's body that are looked at. */
const limit = 16 * 1024;

/** A refusal as the store or the CDN words it: `{code, msg, id}`, the code a number or a text, or no JSON at all. */
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
}

export async function readErrorReply(response: HttpResponse, nowMs: number): Promise<ErrorReply> {
  const { status, statusText, headers } = response;
  const body = await readText(response);
  const fields = parse(body);
  const id = fields.id ?? header(headers, "x-request-id");
  const said = [fields.code, fields.msg, id === undefined ? undefined : `request ${id}`];
  const words = said.filter((part) => part !== undefined).join(", ");
  return {
    status,
    statusText,
    code: fields.code,
    text: words === "" ? `status ${status}` : `status ${status}: ${words}`,
    body,
    retryAfterMs: retryAfter(header(headers, "retry-after"), nowMs),
    date: header(headers, "date"),
  };
}

/** The beginning of a small body. A body that breaks is as good as what came of it: the status was there already. */
async function readText({ body }: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body.chunks()) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size >= limit) break;
    }
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString("utf8");
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

function retryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
