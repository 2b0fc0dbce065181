/** Whether this is an MD5, as all parts write one: 32 lower-case hex digits. */
export function isMd5(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{32}$/.test(text);
}
