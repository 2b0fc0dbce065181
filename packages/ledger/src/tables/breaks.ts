/*
 * A walk breaks at a page that could not be listed; or at one that was, but for what lies below some of its entries. The latter has
 * the page's number below 0.
 */

export function besides(page: number): number {
  return -page;
}

/** A break as people are told of it. */
export function toldBreak(page: number): { readonly page: number; readonly besides?: true } {
  return page < 0 ? { page: -page, besides: true } : { page };
}
