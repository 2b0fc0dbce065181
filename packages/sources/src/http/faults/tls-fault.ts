import type { SourceError } from "@brigade/core";
import type { Route } from "../origins/route.ts";
import type { Party } from "./connection-fault.ts";
import { alertOf, codeOf, opensslWords } from "./seen.ts";

/** Alerts by which a server demands a client certificate, or another one (RFC 8446, section 6). */
const certificateAlerts = new Set([41, 42, 43, 44, 45, 46, 48, 49, 116]);
const alert = { handshakeFailure: 40, protocolVersion: 70, insufficientSecurity: 71, unknownName: 112 };

/** OpenSSL 3.5 and before have different names. */
const noTls =
  /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|HTTP_REQUEST|UNKNOWN_PROTOCOL/;
const oldTls = /UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|TLSV1_ALERT_PROTOCOL_VERSION/;

export const clientCertificate =
  "it demands a client certificate, and brigade has none to show: ask for another way in, or put a proxy that shows one in between";

/** Returns the error if TLS failed for a lasting reason; `undefined` for other errors. */
export function tlsFault(error: Error, route: Route, party: Party): SourceError | undefined {
  const { who, setBy, ...scope } = party;
  const words =
    alertWords(error, setBy) ?? certificateWords(error, route, setBy) ?? versionWords(error, setBy);
  return words === undefined ? undefined : route.lasting(`${who}${words}`, { cause: error, ...scope });
}

function versionWords(error: Error, setBy: string): string | undefined {
  const code = codeOf(error);
  if (oldTls.test(code)) return oldWords(error);
  return noTls.test(code)
    ? `this port speaks no TLS: http:// meant? Check ${setBy} (${opensslWords(error)})`
    : undefined;
}

function oldWords(error: Error): string {
  return `it speaks only old versions of TLS, which are not safe any more: its operator must allow TLS 1.2 or later (${opensslWords(error)})`;
}

function alertWords(error: Error, setBy: string): string | undefined {
  const number = alertOf(error);
  if (number === undefined) return undefined;
  const seen = `(TLS alert ${number}: ${opensslWords(error)})`;
  if (certificateAlerts.has(number)) return `${clientCertificate} ${seen}`;
  switch (number) {
    case alert.unknownName:
      return `it has no site of this name (TLS refuses it): check ${setBy} ${seen}`;
    case alert.protocolVersion:
      return oldWords(error);
    case alert.handshakeFailure:
    case alert.insufficientSecurity:
      return `it shares no version or cipher of TLS with this program: its operator must allow TLS 1.2 or later ${seen}`;
    default:
      return undefined;
  }
}

const trust =
  "NODE_EXTRA_CA_CERTS=<file> (or SSL_CERT_FILE) names the certificate of the authority to be trusted";

function certificateWords(error: Error, { remedies }: Route, setBy: string): string | undefined {
  const code = codeOf(error);
  const refused = (why: string) =>
    `its certificate is not accepted: ${why} (${code})${remedies.certificate === undefined ? "" : `; ${remedies.certificate}`}`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return refused(`it is made out for other names: check the host in ${setBy}`);
  if (code === "CERT_HAS_EXPIRED")
    return refused("it has expired: its operator must renew it, unless this machine's clock is wrong");
  if (code === "CERT_NOT_YET_VALID") return refused("it is not valid yet: is this machine's clock right?");
  if (/^(DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_UNTRUSTED|INVALID_CA)/.test(code))
    return refused(`no authority that this machine trusts has signed it: ${trust}`);
  return /^(CERT_|CRL_|ERR_TLS_CERT|HOSTNAME_|INVALID_PURPOSE|PATH_LENGTH)/.test(code)
    ? refused(`its operator must replace it, or ${trust}`)
    : undefined;
}
