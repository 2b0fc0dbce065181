import type { AskedRequest } from "../requests/asked-request.ts";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const sendablePath = /^\/[\x21-\xff]*$/;
const sendableValue = /^[\t\x20-\x7e\x80-\xff]*$/;
/** They say what the connection is to do, or that a body follows. */
const special = /^(?:connection|content-length|expect|host|keep-alive|transfer-encoding|upgrade)$/i;

/**
 * Returns a request as it goes over the wire, in Latin-1; `undefined` for one that undici is to
 * judge.
 */
export function requestText({ method, path, headers }: AskedRequest, host: string): string | undefined {
  if (!sendablePath.test(path)) return undefined;
  const connection = method === "HEAD" ? "close" : "keep-alive";
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${connection}\r\n`;
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [headers[at], headers[at + 1]];
    if (name === undefined || !token.test(name) || special.test(name)) return undefined;
    if (value === undefined || !sendableValue.test(value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
