/** The error of libc's last call, as Node's own look. `path`: what the call was about. */
export type LibcError = (syscall: string, path?: string) => NodeJS.ErrnoException;

/**
 * Returns why a call through koffi failed. In koffi's callback, that is the call of the pool's thread
 * (since koffi 3.2).
 */
export function libcErrorOf(koffi: typeof import("koffi").default): LibcError {
  const nameOf = new Map<number, string>();
  // Some numbers have two names. The first one is the usual: EAGAIN, not EWOULDBLOCK.
  for (const [name, number] of Object.entries(koffi.os.errno))
    if (!nameOf.has(number)) nameOf.set(number, name);
  return (syscall, path) => {
    const number = koffi.errno();
    const code = nameOf.get(number) ?? `E${number}`;
    const error = new Error(path === undefined ? `${code}: ${syscall}` : `${code}: ${syscall} '${path}'`);
    return Object.assign(error, { code, errno: -number, syscall, ...(path !== undefined && { path }) });
  };
}
