/** A proxy on the way. */
export interface ProxyServer {
  /** Scheme `http:`, `https:` or `socks5:`; may hold a user and a password, never a path. */
  readonly url: URL;
  /** The variable or flag that names it: `HTTPS_PROXY`, `--proxy`. */
  readonly setBy: string;
}

/** A user and a password, decoded. */
export interface ProxyLogin {
  readonly user: string;
  readonly password: string;
}

const schemes = new Set(["http:", "https:", "socks5:"]);
/** Bytes that SOCKS5 has room for (RFC 1929). */
const longestOfSocks = 255;

/** The form of a proxy's URL, for messages. */
export const proxyRule = "must be http://, https:// or socks5:// with host and port";

/**
 * Reads a URL as curl does: the scheme may be left out, a path has no meaning. `undefined` if it is
 * no proxy's URL.
 */
export function parseProxy(text: string): URL | undefined {
  const full = text.includes("://") ? text : `http://${text}`;
  // The proxy looks names up in either form of SOCKS.
  const socks5 = full.replace(/^socks(5h?)?:/i, "socks5:");
  if (!URL.canParse(socks5)) return undefined;
  const url = new URL(socks5);
  if (!schemes.has(url.protocol) || url.hostname === "") return undefined;
  url.pathname = url.search = url.hash = "";
  url.username = decodable(url.username);
  url.password = decodable(url.password);
  return url.protocol === "socks5:" && !fitsSocks(proxyLogin(url)) ? undefined : url;
}

/** Both are empty where the URL holds none. */
export function proxyLogin({ username, password }: URL): ProxyLogin {
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** Unencoded characters (a lone percent sign) stay as they are. */
function decodable(text: string): string {
  try {
    decodeURIComponent(text);
    return text;
  } catch {
    return text.replaceAll("%", "%25");
  }
}

function fitsSocks({ user, password }: ProxyLogin): boolean {
  return Buffer.byteLength(user) <= longestOfSocks && Buffer.byteLength(password) <= longestOfSocks;
}
