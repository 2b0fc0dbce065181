const wrappers = new Set(["UND_ERR_PRX_TLS", "UND_ERR_PRX_CONN", "UND_ERR_CONNECT_TIMEOUT"]);
/** An address of a family that this machine cannot reach says nothing about the host. */
const noWay = new Set(["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "ETIMEDOUT"]);

/** Codes of connections that were closed, and of those on which nothing came in time. */
export const closed = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);
export const silent = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/**
 * The innermost of nested errors: of one error per address of a host, that of the address that came
 * closest.
 */
export function rootOf(error: Error): Error {
  if (error instanceof AggregateError) {
    const all = error.errors.filter((one): one is Error => one instanceof Error);
    return all.find((one) => !noWay.has(codeOf(one))) ?? all[0] ?? error;
  }
  if (!wrappers.has(codeOf(error)) || !(error.cause instanceof Error)) return error;
  const root = rootOf(error.cause);
  return codeOf(root) === "ETIMEDOUT" ? error : root;
}

export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The number of the TLS alert that the other side sent; `undefined` if there was none. */
export function alertOf(error: Error): number | undefined {
  const [, number] = /SSL alert number (\d+)/.exec(error.message) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** OpenSSL's words, without its numbers and file names. */
export function opensslWords(error: Error): string {
  return "reason" in error && typeof error.reason === "string" ? error.reason : codeOf(error);
}
