/**
 * Whether an answer may be about more than its object: the server may limit us, or be unwell. Nothing
 * more is sent then until the usual way has judged it.
 */
export function isTrouble(status: number): boolean {
  return status === 401 || status === 403 || status === 429 || status >= 500;
}
