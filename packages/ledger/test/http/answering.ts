import { silentLog } from "../../../../test/logs.ts";
import { type LedgerAppOptions, LedgerClient, ledgerApp } from "../../src/http.ts";
import { newCatalogue } from "../set-up.ts";
import { serving } from "./server.ts";

export const photos = { source: "photos", fingerprint: "f1", prefix: "", filters: {}, startedAt: 1_000 };

/**
 * A catalogue with the job of set-up.ts open, asked over a real socket. `asToken`: what the client
 * says.
 */
export async function answering({
  asToken,
  ...options
}: Partial<LedgerAppOptions> & { readonly asToken?: string | undefined } = {}) {
  const own = await newCatalogue();
  const app = ledgerApp(own.catalogue, { sources: ["photos"], log: silentLog, ...options });
  const server = await serving(app.fetch);
  return {
    ...own,
    url: server.url,
    client: new LedgerClient({ url: server.url, token: asToken ?? options.token }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    },
  };
}
