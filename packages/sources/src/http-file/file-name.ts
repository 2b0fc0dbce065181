/** Bytes that a name on a disk may have. */
const longest = 255;

/**
 * Returns the file's name in Content-Disposition (RFC 6266), unchanged. `header`: bytes as Latin-1,
 * as in HTTP.
 */
export function dispositionName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const parameters = new Map<string, string>();
  const pattern = /(?:^|;)\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;
  for (const [, name = "", quoted, plain = ""] of header.matchAll(pattern))
    parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? plain.trim());
  const extended = extendedValue(parameters.get("filename*"));
  const simple = parameters.get("filename");
  return extended ?? (simple === undefined ? undefined : bytesAsText(simple));
}

/** `UTF-8''na%C3%AFve.zip` (RFC 8187). */
function extendedValue(text: string | undefined): string | undefined {
  const [, charset = "", encoded = ""] = /^([\w-]+)'[\w-]*'(.*)$/.exec(text ?? "") ?? [];
  const bytes = Buffer.from(
    encoded.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  return charset === "" ? undefined : decoded(bytes, charset);
}

/** Many servers send UTF-8 in place of Latin-1. */
function bytesAsText(latin1: string): string {
  return decoded(Buffer.from(latin1, "latin1"), "utf-8") ?? latin1;
}

function decoded(bytes: Uint8Array, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    // Not in that charset, or in an unknown one: the caller reads it in another way.
    return undefined;
  }
}

/** The last part of a URL's path, decoded; empty where it ends in a slash. */
export function urlName(url: URL): string {
  const last = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    // A lone percent sign stays as it is.
    return last;
  }
}

/**
 * Returns a foreign name made safe for any folder: no path, no control characters, no leading dot
 * or dash, not too long.
 */
export function safeName(foreign: string): string {
  const last = foreign.slice(Math.max(foreign.lastIndexOf("/"), foreign.lastIndexOf("\\")) + 1);
  const clean = last
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .replaceAll(/[<>:"|?*]/g, "_")
    .replace(/^[\s.-]+/, "");
  const name = withoutTail(shorten(withoutTail(clean)));
  return name === "" ? "download" : name;
}

/**
 * Blanks and dots that some disks drop. The match is tried only at the beginning of a run:
 * otherwise a run in the middle would take quadratic time.
 */
function withoutTail(name: string): string {
  return name.replace(/(?<![\s.])[\s.]+$/, "");
}

/** Keeps the ending, which names the type of the file. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= longest) return name;
  const [ending = ""] = /(\.tar)?\.[^.]{1,20}$/i.exec(name) ?? [];
  const room = longest - Buffer.byteLength(ending);
  let stem = "";
  let bytes = 0;
  for (const letter of name.slice(0, name.length - ending.length)) {
    bytes += Buffer.byteLength(letter);
    if (bytes > room) break;
    stem += letter;
  }
  return stem + ending;
}
