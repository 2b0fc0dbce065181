import {
  type FileEntry,
  type Order,
  type PageHistory,
  type Presence,
  type RecordedPage,
  type Standing,
  standingSchema,
} from "@brigade/core";
import { z } from "zod";
import type { History } from "../catalogue/history.ts";
import type { Questions } from "../catalogue/questions.ts";
import {
  type CountedBy,
  type FailureCount,
  type FailureFilter,
  failureCountsSchema,
  type GoneOn,
  type GoOn,
  goneOnSchema,
  type Miss,
  missSchema,
  type Retried,
  retriedSchema,
} from "../wire/failures.ts";
import {
  type Comparison,
  comparedSchema,
  type OriginName,
  recordedSchema,
  unchangedSchema,
} from "../wire/history.ts";
import {
  type DirectorySums,
  directorySumsSchema,
  type JobRecord,
  type JobStanding,
  type JobState,
  jobRecordSchema,
  jobStandingSchema,
  type NewJob,
  openedSchema,
} from "../wire/jobs.ts";
import {
  backupSchema,
  type CatalogueCopy,
  forgottenSchema,
  type Location,
  type LocationQuery,
  locationSchema,
  restoredSchema,
  type StoredName,
  type StoredState,
  storedNameSchema,
} from "../wire/objects.ts";
import { type Proof, proofSchema } from "../wire/proof.ts";
import { type Status, statusSchema } from "../wire/status.ts";
import { type VolumeContents, type VolumeDescription, volumeContentsSchema } from "../wire/volumes.ts";
import { Connection, type LedgerClientOptions } from "./connection.ts";

/**
 * Asks the ledger of another process. A question has the same name as in the catalogue. All methods
 * reject with HostError while the ledger does not answer, with FatalError if it refuses the token,
 * with ConfigError if it cannot do what was asked, and with an AbortError if the signal ends the
 * question.
 */
export class LedgerClient implements PageHistory, Pick<History, "compare">, Questions {
  readonly #connection: Connection;

  constructor(options: LedgerClientOptions) {
    this.#connection = new Connection(options);
  }

  /** Rejects with JobOpenError while another job of the source is open. */
  openJob(job: NewJob): Promise<z.infer<typeof openedSchema>> {
    return this.#connection.ask("jobs", openedSchema, { body: job });
  }

  /** Oldest first. */
  jobs(): Promise<readonly JobRecord[]> {
    return this.#connection.ask("jobs", z.array(jobRecordSchema));
  }

  async openJobOf(source: string): Promise<JobRecord | undefined> {
    return (await this.jobs()).find((job) => job.source === source && job.state === "open");
  }

  job(id: string): Promise<JobStanding> {
    return this.#connection.ask(pathOf(id), jobStandingSchema);
  }

  /** Closing again changes nothing. */
  closeJob(id: string, state: Exclude<JobState, "open">): Promise<JobRecord> {
    return this.#connection.ask(`${pathOf(id)}/close`, jobRecordSchema, { body: { state } });
  }

  proof(id: string): Promise<Proof> {
    return this.#connection.ask(`${pathOf(id)}/proof`, proofSchema, { unhurried: true });
  }

  failures(id: string, filter: FailureFilter = {}): AsyncIterable<Miss> {
    return this.#connection.rows(`${pathOf(id)}/failures`, missSchema, { ...filter });
  }

  /** Most objects first. */
  failureCounts(id: string, by: CountedBy, filter: FailureFilter = {}): Promise<readonly FailureCount[]> {
    const query = { by, ...filter };
    return this.#connection.ask(`${pathOf(id)}/failures/counts`, failureCountsSchema, {
      query,
      unhurried: true,
    });
  }

  vanished(id: string): AsyncIterable<Miss> {
    return this.#connection.rows(`${pathOf(id)}/vanished`, missSchema);
  }

  /** By path. */
  directories(id: string): AsyncIterable<DirectorySums> {
    return this.#connection.rows(`${pathOf(id)}/directories`, directorySumsSchema);
  }

  /** Puts failed objects and directories back to work; all of them if there is no filter. */
  retry(id: string, filter: FailureFilter = {}): Promise<Retried> {
    return this.#connection.ask(`${pathOf(id)}/retry`, retriedSchema, { body: filter, unhurried: true });
  }

  /**
   * Puts back to work what was lost together with the broker's messages. Resolves with a reason to
   * wait, and nothing is done, while something of the job may be under way.
   */
  goOn(id: string, how: GoOn): Promise<GoneOn> {
    return this.#connection.ask(`${pathOf(id)}/go-on`, goneOnSchema, { body: how, unhurried: true });
  }

  /** Tells the ledger how a service is. */
  async announce(presence: Presence): Promise<void> {
    await this.#connection.ask("presence", z.object({}), { body: presence });
  }

  async recorded(position: Parameters<PageHistory["recorded"]>[0]): Promise<RecordedPage | undefined> {
    const { job, directory, walk, page } = position;
    const body = { job, directory, walk, page };
    return (await this.#connection.ask("history/recorded", recordedSchema, { body })).recorded;
  }

  async unchanged(
    of: OriginName,
    directory: string,
    files: readonly FileEntry[],
  ): Promise<readonly boolean[]> {
    return await this.#ofFiles(files, async (some) => {
      const body = filesOf(of, directory, some);
      return (await this.#connection.ask("history/unchanged", unchangedSchema, { body })).unchanged;
    });
  }

  async compare(
    of: OriginName,
    directory: string,
    files: readonly FileEntry[],
  ): Promise<readonly Comparison[]> {
    return await this.#ofFiles(files, async (some) => {
      const body = filesOf(of, directory, some);
      return (await this.#connection.ask("history/compare", comparedSchema, { body })).compared;
    });
  }

  volumes(): Promise<readonly VolumeContents[]> {
    return this.#connection.ask("volumes", z.array(volumeContentsSchema));
  }

  /** By directory and name; the last stored state of an object comes before its others. */
  where({ key, prefix, source, lost }: LocationQuery): AsyncIterable<Location> {
    return this.#connection.rows("objects", locationSchema, {
      ...{ key, prefix, source },
      ...(lost !== undefined && { lost: String(lost) }),
    });
  }

  /** What is stored of one directory, by name. */
  storedNames({ source, fingerprint }: OriginName, directory: string): AsyncIterable<StoredName> {
    return this.#connection.rows("objects/names", storedNameSchema, { source, fingerprint, directory });
  }

  /** Paths of directories at or below `prefix` in which something is stored, in order. */
  storedDirectories({ source, fingerprint }: OriginName, prefix: string): AsyncIterable<string> {
    return this.#connection.rows("objects/directories", z.string(), { source, fingerprint, prefix });
  }

  /** Enters what lies on a volume as if it had been reported. Again changes nothing. */
  async restore(
    { source, fingerprint }: OriginName,
    volume: VolumeDescription,
    states: readonly StoredState[],
  ): Promise<void> {
    for (const some of inQuestions(states, ({ key, path = "" }) => key + path)) {
      const body = { source, fingerprint, volume, states: some };
      await this.#connection.ask("objects/restore", restoredSchema, { body });
    }
  }

  /** These objects do not lie on the volume any more. Returns how many objects were known there. */
  async forget(
    { source, fingerprint }: OriginName,
    volume: string,
    keys: readonly string[],
  ): Promise<number> {
    let forgotten = 0;
    for (const some of inQuestions(keys, (key) => key)) {
      const body = { source, fingerprint, volume, keys: some };
      forgotten += (await this.#connection.ask("objects/forget", forgottenSchema, { body })).forgotten;
    }
    return forgotten;
  }

  /** Copies the catalogue to a file beside it, on the disk of the ledger. */
  backup(): Promise<CatalogueCopy> {
    return this.#connection.ask("backup", backupSchema, { body: {}, unhurried: true });
  }

  status(): Promise<Status> {
    return this.#connection.ask("status", statusSchema);
  }

  /** What people have ordered, and holds. */
  standing(): Promise<Standing> {
    return this.#connection.ask("control", standingSchema);
  }

  /** Gives an order to the fleet. Resolves with what holds then, when it is kept. */
  order(order: Order): Promise<Standing> {
    return this.#connection.ask("control", standingSchema, { body: order });
  }

  /** An answer per file. `ask`: asks about as many files as fit into one question. */
  async #ofFiles<T>(
    files: readonly FileEntry[],
    ask: (some: readonly FileEntry[]) => Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    if (files.length === 0) return [];
    const answers: T[] = [];
    for (const some of inQuestions(files, ({ name }) => name)) {
      const found = await ask(some);
      if (found.length !== some.length) throw this.#connection.away("it answers about other files");
      answers.push(...found);
    }
    return answers;
  }
}

/**
 * Characters of the keys in one question, at most. A character takes at most 6 bytes, and the
 * ledger reads 8 MiB.
 */
const mostAsked = 2 ** 20;
/** What stands beside a key, counted as characters of the key. */
const beside = 64;

/** Yields groups that fit into one question each; at least one group. */
function* inQuestions<T>(items: readonly T[], keyOf: (item: T) => string): Generator<readonly T[]> {
  let begin = 0;
  let length = 0;
  for (const [i, item] of items.entries()) {
    const more = keyOf(item).length + beside;
    if (i > begin && length + more > mostAsked) {
      yield items.slice(begin, i);
      begin = i;
      length = 0;
    }
    length += more;
  }
  yield items.slice(begin);
}

function filesOf(
  { source, fingerprint }: OriginName,
  directory: string,
  files: readonly FileEntry[],
): unknown {
  return { job: { source, fingerprint }, directory, files };
}

function pathOf(job: string): string {
  return `jobs/${encodeURIComponent(job)}`;
}
