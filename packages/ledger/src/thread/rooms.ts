import { openStorage } from "../database/storage.ts";
import { committing, openTables } from "../database/transactions.ts";
import { Orders } from "../orders/orders.ts";
import { Failures } from "../questions/failures.ts";
import { JobDirectories } from "../questions/job-directories.ts";
import { Locations } from "../questions/locations.ts";
import { PastListings } from "../questions/past-listings.ts";
import { Proofs } from "../questions/proof.ts";
import { StoredObjects } from "../questions/stored-objects.ts";
import { Inventory } from "../recording/inventory.ts";
import { Recorder } from "../recording/recorder.ts";
import { Records } from "../recording/records.ts";
import { Reopening } from "../retrying/reopening.ts";
import { Backups } from "./backup.ts";
import { JobAccounts } from "./job-accounts.ts";
import { Pruning } from "./pruning.ts";

/**
 * Makes what the thread of a catalogue answers with. `ThreadCall` addresses a method by the names
 * of its room and its own. All methods are synchronous but those of `backups`; a method that writes
 * commits before it returns. Throws ConfigError when the file is no catalogue, or another process
 * has it.
 */
export function openRooms(path: string, cacheBytes?: number) {
  const db = openStorage(path, cacheBytes);
  const tables = openTables(db);
  const commit = committing(db, tables);
  const proofs = new Proofs(db, tables);
  const backups = new Backups(db, path);
  return {
    jobs: new JobAccounts(tables, proofs, commit),
    records: new Records(tables, new Recorder(db, tables), commit),
    inventory: new Inventory(db, tables, commit),
    pastListings: new PastListings(db, tables),
    proofs,
    failures: new Failures(tables),
    jobDirectories: new JobDirectories(db, tables.jobs),
    locations: new Locations(db, tables),
    storedObjects: new StoredObjects(db, tables),
    reopening: new Reopening(db, tables, commit),
    pruning: new Pruning(db, tables, commit),
    orders: new Orders(db),
    backups,
    closing: {
      async close(): Promise<void> {
        await backups.stop();
        db.close();
      },
    },
  };
}

export type Rooms = ReturnType<typeof openRooms>;
