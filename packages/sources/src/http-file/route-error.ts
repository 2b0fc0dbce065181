import { SourceError } from "@brigade/core";

/** What failed on the way, with what the user can do about it: a proxy's refusal and a certificate are not to be tried again. */
export function routeError(error: unknown, url: URL): unknown {
  if (!(error instanceof SourceError)) return error;
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = "code" in cause ? String(cause.code) : "";
  const refused = (message: string) => new SourceError("misconfigured", message, { cause: error });

  if (/^UND_ERR_SOCKS5_AUTH/.test(code) || /\(407\)|Proxy response \(401\)/.test(cause.message))
    return refused(
      "the proxy refuses our user and password, or wants some: --proxy scheme://user:password@host:port",
    );
  if (code === "UND_ERR_SOCKS5_REPLY_2" || /Proxy response \(4\d\d\)/.test(cause.message))
    return refused(`the proxy refuses to connect to ${url.host} (${cause.message})`);
  if (error.kind === "misconfigured" && url.protocol === "https:")
    return refused(`${error.message}; --insecure goes on in spite of that, and trusts whoever answers`);
  return error;
}
