import { FatalError } from "@brigade/core";
import type { Address } from "./address.ts";

/** AMQP reply codes. */
export const notFound = 404;
const accessRefused = 403;

/** Error codes of Node's TLS: there is a certificate, and it is not trusted. */
const untrusted = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** The broker, or its certificate, allows no connection at all. */
export class ConnectionRefused extends FatalError {}

/**
 * Returns a FatalError if waiting does not help: credentials, vhost, permissions, or the broker's
 * certificate.
 */
export function refusalOf(error: unknown, { host, user, vhost }: Address): FatalError | undefined {
  if (!(error instanceof Error)) return undefined;
  const refusal = (text: string) => new ConnectionRefused(`the broker at ${host} ${text}`, { cause: error });
  if (/ACCESS.REFUSED - Login/.test(error.message))
    return refusal(`refuses user "${user}": wrong user or password`);
  // amqplib does not show which of the two it is.
  if (/^Expected ConnectionOpenOk/.test(error.message))
    return refusal(`refuses vhost "${vhost}": it is not there, or user "${user}" may not use it`);
  if (codeOf(error) === accessRefused) {
    const text = `the broker at ${host} refuses user "${user}": ${reasonOf(error)}`;
    return new FatalError(text, { cause: error });
  }
  if (untrusted.test(String(codeOf(error))))
    return refusal(`shows a certificate that is not trusted: ${reasonOf(error)}`);
  return undefined;
}

/** Returns one line for people. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The broker's own words, without amqplib's around them.
  const [, words] = /with message "(.*)"/s.exec(error.message) ?? [];
  // If several addresses refuse at once, there is a code and no message.
  return words ?? (error.message || String(codeOf(error)));
}

/** Returns an AMQP reply code, or Node's error code. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
