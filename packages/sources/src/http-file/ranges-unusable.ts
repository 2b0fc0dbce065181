/**
 * The server sends this file, but no ranges that could be put together: it has to be fetched in one
 * stream.
 */
export class RangesUnusable extends Error {
  override readonly name = "RangesUnusable";
}
