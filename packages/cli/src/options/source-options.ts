/** What commands take as a source, for their help. */
export const sourceArgument =
  "upyun://bucket/prefix, https://host/path/ (index pages), list:<file> of URLs (list:- standard input), or the name of a configured source";

/** For commands that take configured sources, or their URLs. */
export const configuredSourceArgument = "the name of a configured source, or its URL";

export interface AllowPrivateFlags {
  readonly allowPrivate?: true;
}

/** For commands that ask a source. */
export const allowPrivateOption = [
  "--allow-private",
  "what lists and redirects name may be at private addresses: loopback, 10.0.0.0/8… (ALLOW_PRIVATE)",
] as const;

/** Returns the value of ALLOW_PRIVATE that the flag stands for; `undefined` if it is not given. */
export function allowPrivate(flags: AllowPrivateFlags): string | undefined {
  return flags.allowPrivate === true ? "true" : undefined;
}
