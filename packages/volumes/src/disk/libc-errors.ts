/** The error of libc's last call, as Node's own look. `path`: what the call was about. */
export type LibcError = (syscall: string, path?: string) => NodeJS.ErrnoException;

/**
 * Returns why a call through koffi failed. In koffi's callback, that is the call of the pool's thread
 * (since koffi 3.2).
 */
export function libcErrorOf(koffi: typeof import("koffi").default): LibcError {
  const nameOf = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
  return (syscall, path) => {
    const number = koffi.errno();
    const code = nameOf.get(number) ?? `E${number}`;
    const error = new Error(path === undefined ? `${code}: ${syscall}` : `${code}: ${syscall} '${path}'`);
    return Object.assign(error, { code, errno: -number, syscall, ...(path !== undefined && { path }) });
  };
}
