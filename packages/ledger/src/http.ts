/* A door for what asks and answers over HTTP. A `copy` without a page does neither. */
export { type LedgerAppOptions, ledgerApp } from "./http/app.ts";
export { LedgerClient } from "./http/client.ts";
export type { LedgerClientOptions } from "./http/connection.ts";
export { createStatus, type LiveStatus, type StatusParts } from "./status/status.ts";
