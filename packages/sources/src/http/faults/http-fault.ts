import { SourceError } from "@brigade/core";
import type { Route } from "../origins/route.ts";
import type { Party } from "./connection-fault.ts";
import { closed, codeOf, silent } from "./seen.ts";

const otherLength = "UND_ERR_RES_CONTENT_LENGTH_MISMATCH";
const cut = new Set([otherLength, "HPE_INVALID_EOF_STATE"]);

/**
 * Returns the error of a connection that brought no answer, or half of one; `undefined` for other
 * errors.
 */
export function httpFault(error: Error, route: Route, inBody: boolean): SourceError | undefined {
  const code = codeOf(error);
  const fail = (kind: SourceError["kind"], what: string, isMalformed = false) =>
    new SourceError(kind, `${route.name}: ${what}`, { cause: error, isMalformed });
  if (silent.has(code)) return fail("transport", `no answer in time (${error.message})`);
  // undici reads two lengths, or a repeated one, as one long number. A cut body is never reported
  // before its headers.
  if (code === otherLength && !inBody)
    return fail(
      "unavailable",
      "its Content-Length is not the length of its body: is that header there twice?",
      true,
    );
  if (cut.has(code) || (inBody && isOrderlyClose(error)))
    return fail(inBody ? "damaged" : "transport", "the body ended early");
  if (closed.has(code))
    return fail("transport", `${speaker(route).who}the connection broke off (${error.message})`);
  if (!isNoHttp(error)) return undefined;
  const words = `the answer is ${bannerOf(error) === undefined ? "malformed" : "not"} HTTP (${error.message})`;
  if (inBody) return fail("damaged", words, true);
  // A server that has worked and sends too much at the end of a body spoils one request only.
  const banner = route.hasWorked ? undefined : bannerOf(error);
  return banner === undefined ? fail("unavailable", words, true) : noWebServer(banner, route, error);
}

/** It closed without a word, or with words of another protocol. */
export function isNoAnswer(error: Error): boolean {
  return closed.has(codeOf(error)) || bannerOf(error) !== undefined;
}

/** The other side closed in good order (not by a reset): for that side everything was sent. */
function isOrderlyClose(error: Error): boolean {
  return codeOf(error) === "UND_ERR_SOCKET" && error.message === "other side closed";
}

/** The error is from undici's parser or Node's: the codes of both begin like this. */
function isNoHttp(error: Error): boolean {
  const code = codeOf(error);
  return error.name === "HTTPParserError" || code === "UND_ERR_HEADERS_OVERFLOW" || code.startsWith("HPE_");
}

/**
 * Returns whether the answer was malformed HTTP. It would come again unchanged, and a lenient
 * parser may be able to read it. undici reports the length if one came before the part that it
 * could not parse.
 */
export function isMalformed(error: Error, inBody: boolean): boolean {
  if (codeOf(error) === otherLength) return !inBody;
  return isNoHttp(error) && !cut.has(codeOf(error)) && bannerOf(error) === undefined;
}

/** Returns the text that came in place of `HTTP/1.1 …`, as far as it can be shown. */
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
  const { who, setBy } = speaker(route);
  return route.lasting(`${who}this port speaks no HTTP (${said}): check ${setBy}`, { cause });
}

/** Returns the other side of the HTTP connection: the server, or the proxy for http:// URLs. */
function speaker(route: Route): Pick<Party, "who" | "setBy"> {
  const { proxy } = route;
  return proxy === undefined || !route.isReadByProxy
    ? { who: "", setBy: route.remedies.address }
    : { who: `${route.proxyName}: `, setBy: proxy.setBy };
}
