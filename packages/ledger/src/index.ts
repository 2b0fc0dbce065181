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
export { JobOpenError } from "./jobs.ts";
export { createLedger, type Ledger, type LedgerOptions, type LedgerParts } from "./ledger.ts";
export type { RecordMessage } from "./recorder.ts";
