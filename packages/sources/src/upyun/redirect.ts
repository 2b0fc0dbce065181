import { BlockList, isIP } from "node:net";

/** A place to send the request to next. */
export interface Hop {
  /** `http://host:port`. */
  readonly origin: string;
  /** Path and query, encoded. */
  readonly target: string;
}

/**
 * Where a redirect from the public domain may lead; nothing where it must not be followed. Two are the domain's own
 * doing: the same object over https, and the "302 dispatch" of big files to an edge server by its address, whose path
 * holds the original host and path. Everything else is a picture or page put in the place of an error.
 */
export function allowedHop(from: Hop, location: string | undefined): Hop | undefined {
  const here = split(`${from.origin}${from.target}`);
  const there = location === undefined ? undefined : split(location);
  if (here === undefined || there === undefined) return undefined;
  if (there.hostname === here.hostname && there.path === here.path) {
    const upgrade = here.scheme === "http" && there.scheme === "https";
    return upgrade ? { origin: `https://${there.host}`, target: from.target } : undefined;
  }
  const dispatched = [here.host, here.hostname].some((host) => there.path.endsWith(`/${host}${here.path}`));
  if (!dispatched || isIP(there.hostname) === 0) return undefined;
  if (isInner(there.hostname) && !isInner(here.hostname)) return undefined;
  return { origin: `${there.scheme}://${there.host}`, target: there.target };
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
    // Not valid percent-encoding: nowhere to go.
    return undefined;
  }
}

const inner = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const)
  inner.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of [
  ["::", 127],
  ["fc00::", 7],
  ["fe80::", 10],
] as const)
  inner.addSubnet(network, prefix, "ipv6");

/** Of this machine or this site: no edge server of a public CDN. */
function isInner(hostname: string): boolean {
  if (hostname === "localhost") return true;
  const family = isIP(hostname);
  return family !== 0 && inner.check(hostname, family === 6 ? "ipv6" : "ipv4");
}
