import type { JobRecord, JobState, NewJob, Progress } from "../wire/jobs.ts";
import type { Proof } from "../wire/proof.ts";
import { jobRecord } from "./job-record.ts";
import { exampleCount } from "./questions.ts";
import type { ThreadCall } from "./thread-call.ts";

/** The jobs of a catalogue: which there are, and where each stands. */
export interface JobBook {
  /**
   * Opens a job and makes its root known. Rejects with JobOpenError while another job of the source
   * is open.
   */
  open(job: NewJob): Promise<void>;
  /** The open job of a source; `undefined` if there is none. */
  openOf(source: string): Promise<JobRecord | undefined>;
  /** Closing again changes nothing. Records that come later are entered all the same. */
  close(id: string, state: Exclude<JobState, "open">): Promise<void>;
  /**
   * Closes the job by its proof, "complete" or "incomplete", if it is open and all its objects have
   * outcomes, whatever happens meanwhile. Resolves with the proof if it did, else with `undefined`.
   */
  closeByProof(id: string): Promise<Proof | undefined>;
  /** Oldest first. */
  all(): Promise<readonly JobRecord[]>;
  /** Cheap. Rejects if the job is not in the catalogue. */
  progress(id: string): Promise<Progress>;
  /**
   * Calls back after each commit with the progress of the jobs it was about. Returns how to stop
   * that.
   */
  onCommit(listener: CommitListener): () => void;
}

export type CommitListener = (progress: readonly Progress[]) => void;

export function jobBook(thread: ThreadCall, listeners: Set<CommitListener>, now: () => number): JobBook {
  return {
    open: (job) => thread.ask("jobs", "open", job),
    openOf: async (source) => {
      const open = await thread.ask("jobs", "openOf", source);
      return open && jobRecord(open);
    },
    close: (id, state) => thread.ask("jobs", "close", id, state, now()),
    closeByProof: (id) => thread.ask("jobs", "closeByProof", id, exampleCount, now()),
    all: async () => (await thread.ask("jobs", "all")).map(jobRecord),
    progress: (id) => thread.ask("jobs", "progress", id),
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
