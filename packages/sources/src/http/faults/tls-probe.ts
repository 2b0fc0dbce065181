import { isIP } from "node:net";
import type { Reach } from "../origins/reach.ts";
import { reachingLookup } from "../origins/reaching-lookup.ts";
import { alertOf } from "./seen.ts";

/** The answer of a port when TLS is begun on it and nothing is sent. */
export interface TlsManners {
  /** It answers in TLS. */
  readonly speaksTls: boolean;
  /** It ends the connection because it gets no certificate. */
  readonly demandsCertificate: boolean;
}

/** Milliseconds for a server to answer. */
const patience = 1_500;
const certificateAlerts = new Set([41, 42, 116]);

/** Begins TLS with a server whose failure said little. Never rejects. */
export async function probeTls(origin: URL, reach: Reach): Promise<TlsManners> {
  const host = origin.hostname.replace(/^\[(.*)\]$/, "$1");
  const { promise, resolve } = Promise.withResolvers<TlsManners>();
  const { connect } = await import("node:tls");
  const socket = connect({
    host,
    lookup: reachingLookup(reach),
    port: Number(origin.port || (origin.protocol === "https:" ? 443 : 80)),
    ...(isIP(host) === 0 && { servername: host }),
    // Nothing is sent: the server gets no data of ours.
    rejectUnauthorized: false,
  });
  let keysMade = false;
  let isSecure = false;
  let alert: number | undefined;
  const timer = setTimeout(() => socket.destroy(), patience);
  socket
    .on("keylog", () => {
      keysMade = true;
    })
    .on("secureConnect", () => {
      isSecure = true;
      // With TLS 1.2 it would have refused us before; for http:// it is enough that it speaks TLS.
      if (socket.getProtocol() !== "TLSv1.3" || origin.protocol === "http:") socket.destroy();
    })
    .on("error", (error) => {
      alert = alertOf(error);
    })
    .on("close", () => {
      clearTimeout(timer);
      const refusedLate = alert === 40 && keysMade;
      resolve({
        speaksTls: isSecure || alert !== undefined,
        demandsCertificate: refusedLate || (alert !== undefined && certificateAlerts.has(alert)),
      });
    })
    .resume();
  return await promise;
}
