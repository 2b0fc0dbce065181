/**
 * Where the management API is, and as which user we ask it. Only `host` and `user` may be shown to
 * people.
 */
export interface ManagementAddress {
  readonly origin: string;
  readonly host: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Returns `undefined` if the text is no such URL: http[s]://user:password@host[:port][/prefix],
 * percent-encoded.
 */
export function parseManagementAddress(text: string): ManagementAddress | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username === "") return undefined;
  if (url.search !== "" || url.hash !== "") return undefined;
  try {
    return {
      origin: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`,
      host: url.host,
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    };
  } catch {
    return undefined; // a stray % that encodes nothing
  }
}
