export interface AllowPrivateFlags {
  readonly allowPrivate?: true;
}

/** For commands that ask a source. */
export const allowPrivateOption = [
  "--allow-private",
  "what lists and redirects name may be at private addresses: loopback, 10.0.0.0/8… (ALLOW_PRIVATE)",
] as const;

/** The variable's value that the flag stands for. */
export function allowPrivate(flags: AllowPrivateFlags): string | undefined {
  return flags.allowPrivate === true ? "true" : undefined;
}
