export type {
  Amount,
  DirectoryHole,
  DirectorySums,
  Examples,
  FailedDirectory,
  JobRecord,
  JobState,
  Miss,
  NewJob,
  PageHole,
  Progress,
  Proof,
  StoredPlace,
  Sums,
  VolumeAmount,
} from "./account.ts";
export { type Catalogue, type CatalogueParts, openCatalogue } from "./catalogue.ts";
export { type LedgerAppOptions, ledgerApp } from "./http/app.ts";
export { LedgerClient, type LedgerClientOptions } from "./http/client.ts";
export type { JobStanding } from "./http/wire.ts";
export { JobOpenError } from "./jobs.ts";
export { createLedger, type Ledger, type LedgerOptions, type LedgerParts } from "./ledger.ts";
export type { RecordMessage } from "./recorder.ts";
