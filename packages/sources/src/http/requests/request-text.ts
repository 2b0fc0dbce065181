import type { AskedRequest } from "./asked-request.ts";
import { fieldName, fieldValue } from "./field-syntax.ts";

/**
 * Returns a request as it goes over the wire, in Latin-1; `undefined` if a header cannot be sent.
 * `connection`: what the server is to do with the connection after its answer.
 */
export function requestText(
  { method, path, headers }: AskedRequest,
  host: string,
  connection: "close" | "keep-alive",
): string | undefined {
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${connection}\r\n`;
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [headers[at], headers[at + 1]];
    if (name === undefined || !fieldName.test(name)) return undefined;
    if (value === undefined || !fieldValue.test(value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
