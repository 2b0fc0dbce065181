/**
 * The key of a URL that has none of its own: `host/path?query`, decoded, without user and password. Empty parts are left out, and
 * a directory's is called `index.html`: `https://a.example/x//y/` becomes `a.example/x/y/index.html`.
 */
export function keyOfUrl({ host, pathname, search }: URL): string {
  const parts = pathname.split("/").filter((part) => part !== "");
  if (pathname.endsWith("/")) parts.push("index.html");
  const last = parts.length - 1;
  const named = parts.map((part, index) => decoded(index === last ? part + search : part));
  return [host, ...named].join("/");
}

/** As it is where decoding would make another path of it, or no text. */
function decoded(part: string): string {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    return part;
  }
  return text.includes("/") || text.includes("\0") || /^\.{1,2}$/.test(text) ? part : text;
}
