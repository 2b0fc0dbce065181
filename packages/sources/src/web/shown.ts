/**
 * Returns a URL for logs and files: without user and password, and without the query, which may
 * hold a signature.
 */
export function shown(url: URL): string {
  return url.origin + url.pathname;
}
