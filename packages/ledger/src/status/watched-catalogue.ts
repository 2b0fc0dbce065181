import type { Catalogue } from "../catalogue/catalogue.ts";
import type { RecordMessage } from "../recording/recorder.ts";

interface Watcher {
  /** A message was entered. */
  readonly recorded: (message: RecordMessage) => void;
  /** A job was opened or closed. */
  readonly changed: () => void;
}

/**
 * The catalogue; a watcher is notified of what is entered and of jobs that are opened and closed
 * through it.
 */
export function watched(catalogue: Catalogue, { recorded, changed }: Watcher): Catalogue {
  const { recording, jobs } = catalogue;
  return {
    ...catalogue,
    recording: {
      ...recording,
      async record(messages) {
        const refusals = await recording.record(messages);
        messages.forEach((message, i) => {
          if (refusals[i] === undefined) recorded(message);
        });
        return refusals;
      },
    },
    jobs: {
      ...jobs,
      async open(job) {
        await jobs.open(job);
        changed();
      },
      async close(id, state) {
        await jobs.close(id, state);
        changed();
      },
      async closeByProof(id) {
        const proof = await jobs.closeByProof(id);
        if (proof !== undefined) changed();
        return proof;
      },
    },
  };
}
