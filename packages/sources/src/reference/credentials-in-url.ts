/**
 * Returns whether a URL names a user or a password, in any spelling that a parser accepts. In
 * `list:<file>` an @ belongs to the file's name.
 */
export function hasCredentials(url: string): boolean {
  return /^(?!list:)[a-z][a-z0-9+.-]*:[/\\]*[^/\\?#]*@/i.test(url);
}

/** Returns the URL for messages, without a possible user and password. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:[/\\]*).*@/is, "$1…@");
}
