import { SourceError } from "@brigade/core";
import type { Route } from "../route.ts";
import { codeOf } from "./seen.ts";

const silent = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);
const cut = new Set(["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "HPE_INVALID_EOF_STATE"]);
const broken = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** A connection stood, and what came over it is no answer, or half of one. `undefined` for other errors. */
export function httpFault(error: Error, route: Route, inBody: boolean): SourceError | undefined {
  const code = codeOf(error);
  const fail = (kind: SourceError["kind"], what: string) =>
    new SourceError(kind, `${route.name}: ${what}`, { cause: error });
  if (silent.has(code)) return fail("transport", `no answer in time (${error.message})`);
  if (cut.has(code) || (inBody && isOrderlyClose(error)))
    return fail(inBody ? "damaged" : "transport", "the body ended early");
  if (broken.has(code)) return fail("transport", `the connection broke off (${error.message})`);
  if (!isUnreadable(error)) return undefined;
  if (inBody) return fail("damaged", `the answer is not HTTP (${error.message})`);
  // A server that has worked and says too much at the end of a body spoils one request, not the whole.
  const banner = route.hasWorked ? undefined : bannerOf(error);
  return banner === undefined
    ? fail("unavailable", `the answer is not HTTP (${error.message})`)
    : noWebServer(banner, route, error);
}

/** It closed without a word, or with words of another protocol. */
export function isNoAnswer(error: Error): boolean {
  return broken.has(codeOf(error)) || bannerOf(error) !== undefined;
}

/** The other side closed in good order (not by a reset): so it thinks that it has sent everything. */
function isOrderlyClose(error: Error): boolean {
  return codeOf(error) === "UND_ERR_SOCKET" && error.message === "other side closed";
}

function isUnreadable(error: Error): boolean {
  return error.name === "HTTPParserError" || codeOf(error) === "UND_ERR_HEADERS_OVERFLOW";
}

/** What came in place of `HTTP/1.1 …`, as far as it can be shown. */
function bannerOf(error: Error): string | undefined {
  if (error.name !== "HTTPParserError" || !("data" in error) || typeof error.data !== "string")
    return undefined;
  if (/^\s*HTTP\/\d/.test(error.data)) return undefined;
  return error.message.includes("Expected HTTP/") ? error.data : undefined;
}

function noWebServer(banner: string, route: Route, cause: Error): SourceError {
  const words = banner
    .replaceAll(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, 40);
  const other = /^SSH-/.test(banner)
    ? "an SSH server"
    : /^220[ -]/.test(banner)
      ? "a mail or FTP server"
      : "it";
  const said = words === "" ? "what it says cannot be read" : `${other} says "${words}"`;
  return route.lasting(`this port speaks no HTTP (${said}): check ${route.remedies.address}`, { cause });
}
