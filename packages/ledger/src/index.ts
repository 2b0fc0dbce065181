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
export type { CatalogueCopy } from "./catalogue/backup.ts";
export { type Catalogue, type CatalogueParts, openCatalogue } from "./catalogue/catalogue.ts";
export type { JobBook } from "./catalogue/job-book.ts";
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
export type { History } from "./questions/history.ts";
export { ListedNames } from "./questions/listed-names.ts";
export type { LocationQuery } from "./questions/locations.ts";
export type { Questions } from "./questions/questions.ts";
export type { StoredName } from "./questions/stored-objects.ts";
export { createLedger, type Ledger, type LedgerOptions, type LedgerParts } from "./recording/ledger.ts";
export type { RecordMessage } from "./recording/recorder.ts";
export { type RetryParts, retryJob } from "./retrying/retry.ts";
export { createStatus, type LiveStatus, type StatusParts } from "./status/status.ts";
export { JobOpenError } from "./tables/jobs.ts";
export type { OriginName } from "./tables/origins.ts";
