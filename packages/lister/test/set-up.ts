import type { FatalError, Job, Message, Page, PageHistory, Source, WalkPosition } from "@brigade/core";
import { SourceError } from "@brigade/core";
import { warningsInto } from "../../../test/logs.ts";
import { RecordingBroker, turn } from "../../../test/recording-broker.ts";
import { createLister, type ListerOptions, rootMessage } from "../src/index.ts";

export const job: Job = { id: "job", source: "photos", fingerprint: "f1", prefix: "" };

type Directory = readonly Partial<Page>[] | SourceError;

/**
 * A bucket as a table: each directory's pages, whose cursors are their numbers, or the error that
 * it answers with. `failing` comes first: called before every answer, it may throw.
 */
export class ListedBucket implements Source {
  readonly fingerprint = "f1";
  readonly variant = undefined;
  readonly manyOrigins = false;
  /** `directory@cursor` of each request. */
  readonly asked: string[] = [];
  readonly tree: Record<string, Directory>;
  failing: (directory: string, cursor: string | undefined, signal: AbortSignal) => unknown = () => undefined;

  constructor(tree: Record<string, Directory>) {
    this.tree = tree;
  }

  async listPage(directory: string, cursor: string | undefined, signal: AbortSignal): Promise<Page> {
    signal.throwIfAborted();
    this.asked.push(`${directory}@${cursor ?? ""}`);
    await this.failing(directory, cursor, signal);
    const pages = this.tree[directory];
    if (pages instanceof SourceError) throw pages;
    if (pages === undefined) throw new SourceError("missing", `no directory "${directory}"`, { status: 404 });
    const number = Number(cursor ?? 1);
    const page = pages[number - 1];
    if (page === undefined) throw new SourceError("bad-cursor", `no page ${cursor}`);
    const next = number < pages.length ? String(number + 1) : undefined;
    return { files: [], directories: [], next, ...page };
  }

  async open(): Promise<never> {
    throw new Error("the lister opens no objects");
  }

  async stat(): Promise<never> {
    throw new Error("the lister asks for no metadata");
  }
}

/** Files of a page: `a.jpg` or `a.jpg:500`, the number being bytes (else 10); modified is 1000. */
export function files(...names: string[]): Page["files"] {
  return names.map((text) => {
    const [name = "", size] = text.split(":");
    return { name, size: Number(size ?? 10), modified: 1_000 };
  });
}

const nothingKnown: PageHistory = {
  recorded: async () => undefined,
  unchanged: async (_job, _directory, listed) => listed.map(() => false),
};

/** A lister over a table of a bucket; injected waits pass at once and move the clock on. */
export async function setUp(
  source: Source,
  { options = {}, history = {} }: { options?: Partial<ListerOptions>; history?: Partial<PageHistory> } = {},
) {
  const broker = new RecordingBroker();
  const clock = { now: 1_000_000 };
  const waits: number[] = [];
  const warnings: string[] = [];
  const givenUp: FatalError[] = [];
  const bans: string[] = [];
  const log = warningsInto(warnings);
  const lister = await createLister(
    {
      source,
      name: job.source,
      broker,
      history: { ...nothingKnown, ...history },
      host: "here",
      log,
      onGiveUp: (error) => givenUp.push(error),
      onBan: () => bans.push("banned"),
      now: () => clock.now,
      monotonic: () => clock.now++,
      delay: async (ms, signal) => {
        await turn();
        signal.throwIfAborted();
        waits.push(ms);
        clock.now += ms;
      },
    },
    {
      concurrency: { most: 4, isSought: false },
      batchFiles: 64,
      batchBytes: 1_000_000,
      highWater: 100,
      maxAttempts: 5,
      outageLimit: 600_000,
      ...options,
    },
  );
  return { lister, broker, clock, waits, warnings, givenUp, bans };
}

/** The message for one position. */
export function at(position: Partial<WalkPosition> = {}, { attempt = 0, filters = {} } = {}) {
  return {
    ...rootMessage(job, "", filters),
    positions: [{ directory: "", walk: 0, page: 1, ...position }],
    attempt,
  };
}

/**
 * Walks everything that a message leads to, as a broker would bring it; throws when that does not
 * end.
 */
export async function walkAll(broker: RecordingBroker, root: Message, most = 500): Promise<void> {
  const waiting = [root];
  broker.onPublish = (messages) => waiting.push(...messages.filter(({ type }) => type === "directory"));
  for (let delivered = 0; ; delivered++) {
    const message = waiting.shift();
    if (message === undefined) return;
    if (delivered === most) throw new Error(`the walk has not ended after ${most} messages`);
    const verdict = await broker.deliver("directories", message);
    if (verdict.kind === "retry") waiting.push(...verdict.remainder);
    else if (verdict.kind !== "ack") throw new Error(`unexpected verdict ${verdict.kind}`);
  }
}
