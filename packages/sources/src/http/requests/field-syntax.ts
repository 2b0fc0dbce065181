/** The name of a header: a token (RFC 9110, section 5.6.2). */
export const fieldName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What the value of a header may hold: printable Latin-1 and tabs. */
export const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
