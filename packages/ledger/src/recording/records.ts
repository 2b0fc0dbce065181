import { MessageError } from "@brigade/core/thread";
import { isDiskError } from "../database/storage.ts";
import type { Commit, Tables } from "../database/transactions.ts";
import { TooEarlyError } from "../tables/untold.ts";
import type { Progress } from "../wire/jobs.ts";
import type { Recorder, RecordMessage } from "./recorder.ts";

/** What became of a group of messages that were committed together. */
export interface Committed {
  /** Per message, in order: why it was refused, `undefined` if it was entered. */
  readonly refusals: readonly (string | undefined)[];
  /** Of the jobs that the group was about. */
  readonly progress: readonly Progress[];
}

/** Enters groups of messages. */
export class Records {
  readonly #tables: Tables;
  readonly #recorder: Recorder;
  readonly #commit: Commit;

  constructor(tables: Tables, recorder: Recorder, commit: Commit) {
    this.#tables = tables;
    this.#recorder = recorder;
    this.#commit = commit;
  }

  /**
   * Enters all in one transaction. A message that is refused leaves no trace in it. If a message
   * makes the whole transaction fail, each message gets a transaction of its own, so that only that
   * one is refused. Throws when the disk fails. `now`: Unix milliseconds.
   */
  record(messages: readonly RecordMessage[], now: number): Committed {
    try {
      return this.#together(messages, now);
    } catch (error) {
      if (isDiskError(error)) throw error;
      if (messages.length !== 1) return joined(messages.map((message) => this.record([message], now)));
      const reason = error instanceof Error ? error.message : String(error);
      return { refusals: [`it cannot be entered: ${reason}`], progress: [] };
    }
  }

  #together(messages: readonly RecordMessage[], now: number): Committed {
    const { totals, volumes } = this.#tables;
    const refusals: (string | undefined)[] = [];
    const touched = new Map<number, string>();
    this.#commit(() => {
      for (const message of messages) {
        try {
          touched.set(this.#recorder.record(message, now), message.job.id);
          refusals.push(undefined);
        } catch (error) {
          if (!(error instanceof MessageError || error instanceof TooEarlyError)) throw error;
          refusals.push(error.message);
        }
      }
    });
    return { refusals, progress: [...touched].map(([n, id]) => totals.progress(n, id, volumes)) };
  }
}

/** Several commits as one, with the latest progress of each job. */
function joined(commits: readonly Committed[]): Committed {
  const progress = new Map(commits.flatMap((one) => one.progress.map((of) => [of.job, of] as const)));
  return { refusals: commits.flatMap(({ refusals }) => refusals), progress: [...progress.values()] };
}
