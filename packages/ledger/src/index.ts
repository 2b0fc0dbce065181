export { type Catalogue, type CatalogueParts, openCatalogue } from "./catalogue/catalogue.ts";
export type { History } from "./catalogue/history.ts";
export type { JobBook } from "./catalogue/job-book.ts";
export type { KeptOrders } from "./catalogue/orders.ts";
export type { Questions } from "./catalogue/questions.ts";
export { ListedNames } from "./questions/listed-names.ts";
export { createLedger, type LedgerOptions, type LedgerParts } from "./queues/ledger.ts";
export { goOnWithJob, type RetryParts, retryJob } from "./queues/retry.ts";
export type { RecordMessage } from "./recording/recorder.ts";
export { JobOpenError } from "./tables/jobs.ts";
export type { StoredPlace } from "./tables/objects.ts";
export type { Amount, Sums } from "./wire/amounts.ts";
export type { FailureCount, FailureFilter, GoneOn, GoOn, Miss, Retried } from "./wire/failures.ts";
export type { Comparison, OriginName } from "./wire/history.ts";
export type {
  DirectorySums,
  JobRecord,
  JobStanding,
  JobState,
  NewJob,
  Progress,
  VolumeAmount,
} from "./wire/jobs.ts";
export type { CatalogueCopy, Location, LocationQuery, StoredName, StoredState } from "./wire/objects.ts";
export type { DirectoryHole, FailedDirectory, PageHole, Proof } from "./wire/proof.ts";
export type {
  Forecast,
  JobStatus,
  Queues,
  Rate,
  ServiceStatus,
  SourceStatus,
  Status,
  UnreadableJob,
  VolumeStatus,
} from "./wire/status.ts";
export type { VolumeContents, VolumeDescription } from "./wire/volumes.ts";
