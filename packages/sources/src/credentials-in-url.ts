/** Whether a URL names a user or a password, in whatever spelling a parser takes. In `list:<file>` an @ belongs to the file's name. */
export function hasCredentials(url: string): boolean {
  return /^(?!list:)[a-z][a-z0-9+.-]*:[/\\]*[^/\\?#]*@/i.test(url);
}

/** For messages: the URL without what may be a user and a password. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:[/\\]*).*@/is, "$1…@");
}
