import type {
  Alarm,
  Delayer,
  DirectFetch,
  FatalError,
  FilesMessage,
  Job,
  ObjectResult,
  Source,
} from "@brigade/core";
import { warningsInto } from "../../../test/logs.ts";
import { RecordingBroker, turn } from "../../../test/recording-broker.ts";
import { createDownloader, type DownloaderOptions } from "../src/index.ts";
import { MemoryPlacement, MemoryVolume } from "./memory-volume.ts";

export const job: Job = { id: "job", source: "photos", fingerprint: "f1" };

interface Options {
  readonly options?: Partial<DownloaderOptions>;
  readonly volumes?: readonly MemoryVolume[];
  /** Instead of waits that pass at once and move the clock on. */
  readonly delay?: Delayer;
  readonly alarm?: Alarm;
  readonly direct?: DirectFetch;
}

/** A downloader of a bucket onto volumes in memory. */
export async function setUp(
  source: Source,
  { options = {}, volumes = [new MemoryVolume("v1")], delay, alarm, direct }: Options = {},
) {
  const broker = new RecordingBroker();
  const placement = new MemoryPlacement(volumes);
  const clock = { now: 1_000_000 };
  const waits: number[] = [];
  const lines: string[] = [];
  const givenUp: FatalError[] = [];
  const exhausted: string[] = [];
  const bans: string[] = [];
  const log = warningsInto(lines);
  const passAtOnce: Delayer = async (ms, signal) => {
    await turn();
    signal.throwIfAborted();
    waits.push(ms);
    clock.now += ms;
  };
  const downloader = await createDownloader(
    {
      source,
      name: job.source,
      broker,
      placement,
      direct,
      host: "here",
      log,
      onGiveUp: (error) => givenUp.push(error),
      onBan: () => bans.push("banned"),
      onExhausted: (reason) => exhausted.push(reason),
      now: () => clock.now,
      monotonic: () => clock.now++,
      delay: delay ?? passAtOnce,
      ...(alarm && { alarm }),
    },
    {
      prefetch: 8,
      maxAttempts: 5,
      outageLimit: 600_000,
      endsWhenAllIsRefused: true,
      memory: 10_000_000,
      concurrency: 64,
      largeObject: 64 * 1024 * 1024,
      largeConnections: 4,
      ...options,
    },
  );
  return { downloader, broker, placement, clock, waits, lines, givenUp, exhausted, bans };
}

/** A batch of one page of the root: `name:size`, all modified at 1000. */
export function batch(files: readonly string[], attempt = 0): FilesMessage {
  const listed = files.map((text, index) => {
    const [name = "", size = "0"] = text.split(":");
    return { index, name, size: Number(size), modified: 1_000 };
  });
  return { v: 1, type: "files", job, slices: [{ page: "p", directory: "", files: listed }], attempt };
}

/** The names in a message. */
export function namesOf(message: FilesMessage): string[] {
  return message.slices.flatMap(({ files }) => files.map(({ name }) => name));
}

/** Every outcome that was reported, in order. */
export function outcomesIn(broker: RecordingBroker): ObjectResult[] {
  return broker.publishedOf("result").flatMap(({ pages }) => pages.flatMap(({ objects }) => objects));
}

/** Turns the event loop until something holds; fails when it never does. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns === 1_000) throw new Error(`never happened: ${what}`);
    await turn();
  }
}
