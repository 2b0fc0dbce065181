export type {
  Amount,
  Comparison,
  DirectoryHole,
  DirectorySums,
  Examples,
  FailedDirectory,
  FailureCount,
  FailureFilter,
  JobRecord,
  JobState,
  Location,
  Miss,
  NewJob,
  PageHole,
  Progress,
  Proof,
  StoredPlace,
  StoredState,
  Sums,
  VolumeAmount,
  VolumeContents,
  VolumeDescription,
} from "./account.ts";
export type { CatalogueCopy } from "./backup.ts";
export { type Catalogue, type CatalogueParts, openCatalogue } from "./catalogue.ts";
export { type LedgerAppOptions, ledgerApp } from "./http/app.ts";
export { LedgerClient } from "./http/client.ts";
export type { LedgerClientOptions } from "./http/connection.ts";
export type {
  JobStatus,
  Queues,
  Rate,
  ServiceStatus,
  SourceStatus,
  Status,
  UnreadableJob,
  VolumeStatus,
} from "./http/status-wire.ts";
export type { JobStanding, Retried } from "./http/wire.ts";
export { JobOpenError } from "./jobs.ts";
export { createLedger, type Ledger, type LedgerOptions, type LedgerParts } from "./ledger.ts";
export { ListedNames } from "./listed-names.ts";
export type { LocationQuery, StoredName } from "./locations.ts";
export type { OriginName } from "./origins.ts";
export type { RecordMessage } from "./recorder.ts";
export { type RetryParts, retryJob } from "./retry.ts";
export { createStatus, type LiveStatus, type StatusParts } from "./status/status.ts";
