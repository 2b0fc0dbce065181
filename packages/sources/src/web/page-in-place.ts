import { type HttpResponse, header } from "../http/exchange.ts";

/** Whether a redirect from `asked` to `answered` ended at a page to log in with, or that says sorry, in place of the file. */
export function isPageInPlace(asked: URL, answered: URL, { headers }: HttpResponse): boolean {
  if (answered.href === asked.href) return false;
  const isPage = /^text\/html\b/i.test(header(headers, "content-type") ?? "");
  const { pathname } = asked;
  return isPage && /\.[a-z0-9]{1,5}$/i.test(pathname) && !/\.(x?html?|php|aspx?|jsp)$/i.test(pathname);
}
