import { isIP } from "node:net";
import { privateKind } from "../../http/origins/private-address.ts";

/** A place to send the request to next. */
export interface Hop {
  /** `http://host:port`. */
  readonly origin: string;
  /** Path and query, encoded. */
  readonly target: string;
}

/**
 * Returns the allowed target of a redirect from the public domain; `undefined` if it must not be
 * followed. Two are the domain's own doing: the same object over https, and the "302 dispatch" of
 * big files to an edge server by its address, whose path holds the original host and path.
 * Everything else is a picture or page put in the place of an error. Never from https to http.
 * `allowPrivate`: the edge server may have a private address.
 */
export function allowedHop(
  from: Hop,
  location: string | undefined,
  { allowPrivate = false } = {},
): Hop | undefined {
  const here = split(`${from.origin}${from.target}`);
  const there = location === undefined ? undefined : split(location);
  if (here === undefined || there === undefined || isDowngrade(from, location)) return undefined;
  if (there.hostname === here.hostname && there.path === here.path) {
    return here.scheme !== there.scheme
      ? { origin: `https://${there.host}`, target: from.target }
      : undefined;
  }
  const dispatched = [here.host, here.hostname].some((host) => there.path.endsWith(`/${host}${here.path}`));
  if (!dispatched || isIP(there.hostname) === 0) return undefined;
  if (isInner(there.hostname) && there.hostname !== here.hostname && !allowPrivate) return undefined;
  return { origin: `${there.scheme}://${there.host}`, target: there.target };
}

/** Returns whether it leads from https to http, which others on the way could read and change. */
export function isDowngrade({ origin }: Hop, location: string | undefined): boolean {
  return origin.startsWith("https:") && /^http:/i.test(location ?? "");
}

interface Place {
  readonly scheme: string;
  readonly host: string;
  /** Without port and brackets. */
  readonly hostname: string;
  /** Decoded, without query. */
  readonly path: string;
  /** As it was written: path and query. */
  readonly target: string;
}

/** Not `URL`, which would fold and re-encode the path. */
function split(url: string): Place | undefined {
  const match = /^(https?):\/\/([a-z0-9.\-_]+|\[[0-9a-f:.]+\])(:\d{1,5})?(\/[\x21-\x7e]*)$/i.exec(url);
  const [, scheme = "", name = "", port = "", rest = ""] = match ?? [];
  const target = rest.replace(/#.*$/, "");
  if (match === null) return undefined;
  try {
    const path = decodeURIComponent(target.replace(/\?.*$/, ""));
    const hostname = name.toLowerCase();
    return {
      scheme: scheme.toLowerCase(),
      host: hostname + port,
      hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
      path,
      target,
    };
  } catch {
    // Not valid percent-encoding: there is no target.
    return undefined;
  }
}

/** Of this machine or this site: no edge server of a public CDN. */
function isInner(hostname: string): boolean {
  return isIP(hostname) !== 0 && privateKind(hostname) !== undefined;
}
