/** Parts of a query that belong to a signature: they are secret, and differ each time. */
const signature =
  /^(x-(amz|goog|oss|cos)-.*|q-(sign|ak|key|header|url)-?.*|awsaccesskeyid|googleaccessid|ossaccesskeyid|signature|sig|sign|expires|policy|key-pair-id|token|access_token|auth_key|_upt)$/i;
/** Of Azure's signatures, where there is one. */
const besideSig = /^(sv|se|st|sr|sp|spr|ske|skt|sks|skv|skoid|sktid|si|sip)$/i;

/**
 * Returns the key of a URL that has none of its own: `host/path?query`, decoded, without user,
 * password and signature. Empty parts are left out, and the key of a directory ends in
 * `index.html`: `https://a.example/x//y/` becomes `a.example/x/y/index.html`.
 */
export function keyOfUrl(url: URL): string {
  const { host, pathname } = url;
  const search = unsigned(url.search);
  const parts = pathname.split("/").filter((part) => part !== "");
  if (pathname.endsWith("/")) parts.push("index.html");
  const last = parts.length - 1;
  const named = parts.map((part, index) => decoded(index === last ? part + search : part));
  return [host, ...named].join("/");
}

function unsigned(search: string): string {
  const parts = search.slice(1).split("&");
  const nameOf = (part: string) => part.split("=", 1)[0] ?? "";
  const isAzure = parts.some((part) => nameOf(part).toLowerCase() === "sig");
  const kept = parts.filter(
    (part) => part !== "" && !signature.test(nameOf(part)) && !(isAzure && besideSig.test(nameOf(part))),
  );
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

/** Returns the part unchanged if decoding would make another path of it, or no text. */
function decoded(part: string): string {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    return part;
  }
  return text.includes("/") || text.includes("\0") || /^\.{1,2}$/.test(text) ? part : text;
}
