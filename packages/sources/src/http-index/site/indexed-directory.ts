import { escapeLone, textOf } from "@brigade/core";

/** The target of a link's path, relative to the directory of the page. */
export type Spot =
  /** To an entry directly in it, or to a directory on the way to a deeper one. */
  | { readonly where: "inside"; readonly name: string; readonly isDirectory: boolean; readonly trust: Trust }
  /** To itself, to a directory above it, or by another protocol. */
  | { readonly where: "nowhere" }
  /** To another place: of this site, or of one that looks like another site. */
  | { readonly where: "beside"; readonly isOtherHost: boolean };

/**
 * `sure`: by this very address. `likely`: by another address of this host, by way of a redirect, or
 * deeper. `doubtful`: on another host, under the same path, which most likely is this one by
 * another name.
 */
export type Trust = "sure" | "likely" | "doubtful";

/** A plain name, relative, which needs no further looks. */
const plain = /^[A-Za-z0-9._~%-]+\/?$/;

/** A directory by its URLs: as it was asked for, and as it answered. */
export class IndexedDirectory {
  readonly isRoot: boolean;
  readonly #asked: URL;
  readonly #base: URL;
  readonly #paths: readonly (readonly string[])[];
  readonly #isOwnBase: boolean;

  /** `base`: the page's own base for relative links. */
  constructor(asked: URL, answered: URL, base: string | undefined) {
    this.#asked = asked;
    this.#base = resolve(base ?? "", answered) ?? answered;
    this.#paths = [partsOf(asked), partsOf(answered)];
    this.isRoot = this.#paths.some((parts) => parts.length === 0);
    this.#isOwnBase = base === undefined && asked.href === answered.href;
  }

  locate(path: string): Spot {
    if (this.#isOwnBase && plain.test(path)) {
      const isDirectory = path.endsWith("/");
      const name = decode(isDirectory ? path.slice(0, -1) : path);
      return name === "." || name === ".."
        ? { where: "nowhere" }
        : { where: "inside", name, isDirectory, trust: "sure" };
    }
    const url = resolve(escapeOdd(path), this.#base);
    // Not a URL at all: most likely of another site.
    if (url === undefined) return { where: "beside", isOtherHost: true };
    if (!/^https?:$/.test(url.protocol)) return { where: "nowhere" };
    return this.#relate(url);
  }

  #relate(url: URL): Spot {
    const parts = partsOf(url);
    const isOtherHost = url.hostname !== this.#asked.hostname;
    if (this.#paths.some((path) => isAtOrAbove(parts, path))) return { where: "nowhere" };
    const at = this.#paths.findIndex((path) => isAtOrAbove(path, parts));
    if (at === -1) return { where: "beside", isOtherHost };
    const [name = "", ...below] = parts.slice(this.#paths[at]?.length);
    const isHere = at === 0 && url.origin === this.#asked.origin && below.length === 0;
    return {
      where: "inside",
      name,
      isDirectory: below.length > 0 || url.pathname.endsWith("/"),
      trust: isOtherHost ? "doubtful" : isHere ? "sure" : "likely",
    };
  }
}

/** A percent sign that escapes nothing is one. */
export function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    const ascii = escapeLone(name, "%").replaceAll(/[^\0-\x7f]+/g, encodeURIComponent);
    const bytes = ascii.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return textOf(Buffer.from(bytes, "latin1"));
  }
}

/** Decoded, because servers and we may escape differently. Servers treat several slashes as one. */
function partsOf({ pathname }: URL): string[] {
  return pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decode);
}

function isAtOrAbove(path: readonly string[], other: readonly string[]): boolean {
  return path.length <= other.length && path.every((part, n) => part === other[n]);
}

/**
 * What `URL` would fold (a backslash to a slash) or leave out (tabs, line ends) or replace (bytes
 * that are not UTF-8) is a part of a name here.
 */
function escapeOdd(path: string): string {
  return escapeLone(path, "%")
    .trim()
    .replaceAll(/[\\\p{Cc}]/gu, encodeURIComponent);
}

function resolve(path: string, base: URL): URL | undefined {
  return URL.canParse(path, base.href) ? new URL(path, base.href) : undefined;
}
