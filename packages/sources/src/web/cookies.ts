import { isSameDoor } from "../http/origins/same-origin.ts";

interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Lower case, no leading dot. */
  readonly domain: string;
  readonly subdomains: boolean;
  readonly path: string;
  readonly secure: boolean;
  /** Unix milliseconds; absent: as long as the process lives. */
  readonly expires: number | undefined;
  /** The server that set it; absent if it is from the user's file. */
  readonly setBy: URL | undefined;
}

/**
 * Cookies from a file in the format of curl and browsers' exports, and those that servers set on
 * the way.
 */
export class CookieJar {
  readonly #cookies: Cookie[] = [];
  readonly #now: () => number;

  /** `now`: Unix milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Reads Netscape's format, as browsers' add-ons write it: one line per cookie, seven fields with
   * tabs between them: domain, whether subdomains get it too, path, whether https only, expiry
   * (Unix seconds, 0 or nothing: none), name, value. `text`: bytes as Latin-1, because they are
   * sent unchanged. Returns the numbers of the other lines.
   */
  read(text: string): number[] {
    const bad: number[] = [];
    const lines = text.replace(byteOrderMark, "").split(/\r\n|\n|\r/);
    for (const [index, line] of lines.entries()) {
      // "#HttpOnly_" is no comment but a mark for browsers.
      const fields = line.replace(/^#HttpOnly_/i, "");
      if (fields.trim() === "" || fields.startsWith("#")) continue;
      const cookie = parseLine(fields);
      if (cookie === undefined) bad.push(index + 1);
      else this.#put(cookie);
    }
    return bad;
  }

  get isEmpty(): boolean {
    return this.#cookies.length === 0;
  }

  /** Stores the cookies of a server's Set-Cookie, as far as they are for that server. */
  set(url: URL, header: string): void {
    const cookie = parseSetCookie(url, header, this.#now());
    if (cookie !== undefined) this.#put(cookie);
  }

  /**
   * Returns the cookies to send to this URL; `undefined` if there are none. A server's own cookies
   * are sent with the scheme and port with which they were set, those of a file with the scheme and
   * port of `first`, the URL that the user named.
   */
  header(url: URL, first = url): string | undefined {
    const fitting = this.#cookies
      .filter((cookie) => this.#fits(cookie, url) && isSameDoor(cookie.setBy ?? first, url))
      .sort((a, b) => b.path.length - a.path.length);
    return fitting.length === 0 ? undefined : fitting.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  #fits({ domain, subdomains, path, secure, expires }: Cookie, url: URL): boolean {
    const host = url.hostname.toLowerCase();
    if (host !== domain && !(subdomains && host.endsWith(`.${domain}`))) return false;
    if (secure && url.protocol !== "https:") return false;
    if (expires !== undefined && expires <= this.#now()) return false;
    return url.pathname === path || url.pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
  }

  #put(cookie: Cookie): void {
    const same = ({ name, domain, path }: Cookie) =>
      name === cookie.name && domain === cookie.domain && path === cookie.path;
    const at = this.#cookies.findIndex(same);
    if (at === -1) this.#cookies.push(cookie);
    else this.#cookies[at] = cookie;
  }
}

/** Nothing in it may end the header or begin another cookie. */
const harmless = /^[\x21-\x3a\x3c-\x7e\x80-\xff \t]*$/;

/** The byte order mark of UTF-8, read as Latin-1. */
const byteOrderMark = /^\xef\xbb\xbf/;

function parseLine(line: string): Cookie | undefined {
  const [domain = "", subdomains = "", path = "", secure = "", expires = "", name = "", value = ""] =
    line.split("\t");
  const isFlag = (text: string) => /^(TRUE|FALSE)$/i.test(text);
  if (domain === "" || name === "" || !/^(\/|$)/.test(path) || !isFlag(subdomains) || !isFlag(secure))
    return undefined;
  // Some write parts of a second, or 1.8e9.
  if (!/^(-?\d+(\.\d*)?(e\+?\d+)?)?$/i.test(expires) || !harmless.test(name) || !harmless.test(value))
    return undefined;
  return {
    name,
    value,
    domain: domain.replace(/^\./, "").toLowerCase(),
    subdomains: isTrue(subdomains),
    path: path === "" ? "/" : path,
    secure: isTrue(secure),
    expires: Number(expires) === 0 ? undefined : Number(expires) * 1000,
    setBy: undefined,
  };
}

function isTrue(flag: string): boolean {
  return flag.toUpperCase() === "TRUE";
}

function parseSetCookie(url: URL, header: string, now: number): Cookie | undefined {
  const [pair = "", ...rest] = header.split(";");
  const equals = pair.indexOf("=");
  const [name, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
  if (equals < 1 || !harmless.test(name) || !harmless.test(value)) return undefined;
  const attributes = new Map(
    rest.map((part): [string, string] => {
      const [key = "", text = ""] = part.split(/=(.*)/s);
      return [key.trim().toLowerCase(), text.trim()];
    }),
  );
  const host = url.hostname.toLowerCase();
  const asked = attributes.get("domain")?.replace(/^\./, "").toLowerCase();
  // A domain of one label would match all servers.
  const isOurs = asked?.includes(".") === true && (host === asked || host.endsWith(`.${asked}`));
  if (asked !== undefined && asked !== "" && asked !== host && !isOurs) return undefined;
  const path = attributes.get("path");
  return {
    name,
    value,
    domain: isOurs ? asked : host,
    subdomains: isOurs,
    path: path?.startsWith("/") === true ? path : defaultPath(url),
    secure: attributes.has("secure"),
    expires: expiry(attributes, now),
    setBy: url,
  };
}

function defaultPath({ pathname }: URL): string {
  const slash = pathname.lastIndexOf("/");
  return slash <= 0 ? "/" : pathname.slice(0, slash);
}

function expiry(attributes: ReadonlyMap<string, string>, now: number): number | undefined {
  const age = attributes.get("max-age");
  if (age !== undefined && /^-?\d+$/.test(age)) return now + Number(age) * 1000;
  const date = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(date) ? undefined : date;
}
