import { fieldName, fieldValue } from "./field-syntax.ts";
import type { OutgoingRequest } from "./outgoing-request.ts";

/** Returns headers as they go over the wire; `undefined` if one of them cannot be sent. */
export function headerLines(headers: readonly string[]): string | undefined {
  let lines = "";
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [headers[at], headers[at + 1]];
    if (name === undefined || !fieldName.test(name)) return undefined;
    if (value === undefined || !fieldValue.test(value)) return undefined;
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/**
 * Returns a request as it goes over the wire, in Latin-1. `lines`: its headers. `connection`: what
 * the server is to do with the connection after its answer.
 */
export function requestText(
  { method, path }: Pick<OutgoingRequest, "method" | "path">,
  host: string,
  connection: "close" | "keep-alive",
  lines: string,
): string {
  return `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${connection}\r\n${lines}\r\n`;
}
