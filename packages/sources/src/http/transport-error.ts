import { SourceError } from "@brigade/core";
import { abortError } from "./cancelled.ts";

const silent = new Set(["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);
const cut = new Set(["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "HPE_INVALID_EOF_STATE"]);
const gone = new Set(["UND_ERR_DESTROYED", "UND_ERR_CLOSED"]);

/**
 * A failure of the HTTP client as a SourceError. `inBody`: the headers had come already.
 * Errors that are this program's own fault (undici's invalid arguments) come back as they are.
 */
export function transportError(error: unknown, where: string, inBody: boolean): Error {
  if (!(error instanceof Error)) return new SourceError("transport", `${where}: ${String(error)}`);
  const code = errorCode(error);
  // undici aborts too (a proxy that refuses a tunnel): that is no wish of ours.
  const ours = error.name === "AbortError" && code !== "UND_ERR_ABORTED";
  if (ours || error instanceof SourceError) return error;
  const fail = (kind: SourceError["kind"], what: string) =>
    new SourceError(kind, `${where}: ${what}`, { cause: error });

  if (gone.has(code)) return abortError(error);
  if (silent.has(code)) return fail("transport", `no answer in time (${error.message})`);
  if (cut.has(code) || (inBody && isOrderlyClose(error, code)))
    return fail(inBody ? "damaged" : "transport", "the body ended early");
  if (/\(407\)/.test(error.message)) {
    const wants = `${where}: the proxy wants a user and a password`;
    return new SourceError("misconfigured", wants, { status: 407, cause: error });
  }
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") return error;
  if (isCertificateError(code)) return fail("misconfigured", `its certificate is not accepted (${code})`);
  if (code.startsWith("HPE_") || code === "UND_ERR_HEADERS_OVERFLOW")
    return fail(inBody ? "damaged" : "unavailable", `the answer is not HTTP (${error.message})`);
  return fail("transport", error.message || code);
}

/** The other side closed in good order (not by a reset): so it thinks that it has sent everything. */
function isOrderlyClose(error: Error, code: string): boolean {
  return code === "UND_ERR_SOCKET" && error.message === "other side closed";
}

/** Happy Eyeballs wraps one error an address in an AggregateError; the first tells enough. */
function errorCode(error: Error): string {
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return errorCode(error.errors[0]);
  return "";
}

function isCertificateError(code: string): boolean {
  return /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_(GET|VERIFY))/.test(code);
}
