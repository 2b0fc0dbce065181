/**
 * Returns whether secrets for the URL `first` may be sent to `url`: the same scheme, host and port.
 * One other counts as the same: the same host over https in place of http, both on their default
 * ports.
 */
export function isSameOrigin(first: URL, url: URL): boolean {
  if (first.origin === url.origin) return true;
  return first.hostname === url.hostname && isUpgrade(first, url);
}

/** The same for secrets of a domain and not of one host: compares scheme and port alone. */
export function isSameDoor(first: URL, url: URL): boolean {
  return (first.protocol === url.protocol && first.port === url.port) || isUpgrade(first, url);
}

function isUpgrade(first: URL, url: URL): boolean {
  // A default port is left out of a URL.
  return first.protocol === "http:" && url.protocol === "https:" && first.port === "" && url.port === "";
}

/**
 * Returns the Referer for another origin: its own origin, as from a browser; `undefined` from https
 * to http.
 */
export function crossOriginReferer(referer: string | undefined, url: URL): string | undefined {
  if (referer === undefined || !URL.canParse(referer)) return undefined;
  const from = new URL(referer);
  const isDowngrade = from.protocol === "https:" && url.protocol !== "https:";
  return isDowngrade || !/^https?:$/.test(from.protocol) ? undefined : `${from.origin}/`;
}
