/*
 * A walk breaks at a page that could not be listed, or below some entries of a page that was
 * listed. In the table `breaks` the number of the latter page is negative.
 */

export function besides(page: number): number {
  return -page;
}

/** A break, as people are told of it. */
export function toldBreak(page: number): { readonly page: number; readonly besides?: true } {
  return page < 0 ? { page: -page, besides: true } : { page };
}
