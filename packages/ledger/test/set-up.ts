import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "@brigade/core";
import { silentLog } from "../../../test/logs.ts";
import { type Catalogue, openCatalogue } from "../src/index.ts";

export const job: Job = { id: "job-1", source: "photos", fingerprint: "f1" };

/** A folder for one test; removed when disposed. */
export async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "ledger-"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true });
    },
  };
}

export async function openJob(catalogue: Catalogue, id = job.id): Promise<void> {
  await catalogue.jobs.open({ ...job, id, prefix: "", filters: {}, startedAt: 1 });
}

/**
 * What the clock of a new catalogue shows. The times in messages are before it. Unix milliseconds.
 */
export const today = 1_800_000_000_000;

/** A new catalogue in a folder of its own, with the job open. */
export async function newCatalogue(): Promise<AsyncDisposable & { catalogue: Catalogue; path: string }> {
  const own = await folder();
  const path = join(own.path, "catalogue.db");
  const catalogue = await openCatalogue({ path, log: silentLog, now: () => today });
  await openJob(catalogue);
  return {
    catalogue,
    path,
    async [Symbol.asyncDispose]() {
      await catalogue[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    },
  };
}

export async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(rows);
}
