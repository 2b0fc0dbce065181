import { join } from "node:path";
import type { Catalogue } from "@brigade/ledger";
import type { FoundFolder, LocalVolume } from "@brigade/volumes";
import { exitCodeOfJob, type JobReport } from "../job/report.ts";
import { absentHere } from "./absent-here.ts";
import { writeFailures } from "./failed-file.ts";
import type { OpenedJob } from "./job.ts";
import type { CopyRequest } from "./request.ts";

interface Ended {
  readonly catalogue: Catalogue;
  readonly volumes: readonly LocalVolume[];
  /** All folders of this run, also of disks that were full and left out. */
  readonly found: readonly FoundFolder[];
  /** When the run began, by `performance.now()`. */
  readonly began: number;
}

/**
 * Closes a job by its proof, drops what is superfluous then, and looks where the volumes are.
 * Returns the report.
 */
export async function closeJob(
  { configuration: { name }, volumes: { state }, log, signal }: CopyRequest,
  { id, resumed }: OpenedJob,
  { catalogue, volumes, found, began }: Ended,
): Promise<JobReport> {
  const { jobs, questions } = catalogue;
  const proof = await questions.proof(id);
  await jobs.close(id, proof.complete ? "complete" : "incomplete");
  while (!signal.aborted && (await catalogue.prune())); // part by part, so that a signal is seen
  const { volumes: amounts } = await jobs.progress(id);
  const failedFile = await writeFailures(join(state, "failed", `${id}.ndjson`), questions.failures(id), log);
  if (failedFile !== undefined)
    log.info({ objects: proof.failed.objects, file: failedFile }, "the failed objects are listed in a file");
  const full = found.flatMap(({ root, volume }) => (volume ? [{ root, id: volume.id }] : []));
  const here = [...new Map([...full, ...volumes].map((one) => [one.id, one])).values()];
  const absent = await absentHere(catalogue, name, here, log);
  return {
    job: id,
    source: name,
    resumed,
    seconds: (performance.now() - began) / 1000,
    proof,
    volumes: volumes.map(({ id, label, root }) => {
      const { objects = 0, bytes = 0 } = amounts.find((one) => one.volume === id) ?? {};
      return { id, label, root, objects, bytes };
    }),
    absent,
    exitCode: exitCodeOfJob(proof, absent),
    ...(failedFile !== undefined && { failedFile }),
  };
}
