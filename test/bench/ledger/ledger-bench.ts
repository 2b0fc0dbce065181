import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "@brigade/core";
import { type Catalogue, openCatalogue } from "@brigade/ledger";
import { createStatus, LedgerClient, ledgerApp } from "@brigade/ledger/http";
import { warningsOnStderr as log } from "../../logs.ts";
import type { Options } from "../options.ts";
import { quantile } from "../statistics.ts";
import { table } from "../table.ts";
import { filesPerDirectory, ledgerMessages, objectAt } from "./ledger-job.ts";

/** Milliseconds. */
interface Latency {
  readonly median: number;
  readonly p99: number;
  readonly most: number;
}

export interface LedgerResult {
  readonly objects: number;
  /** Of recording. */
  readonly seconds: number;
  readonly proofSeconds: number;
  /** Bytes: of this process, which also makes the messages. */
  readonly peakRss: number;
  /** When a tenth was recorded. */
  readonly earlyRss: number;
  /** When it is closed. */
  readonly catalogueBytes: number;
  /** Of questions that were asked while it recorded. */
  readonly latency: Readonly<Record<"status" | "where", Latency>>;
}

/** The number of messages that the ledger service holds. */
const prefetch = 512;
const askEveryMs = 100;
const tellEveryMs = 5_000;
const projected = 300e6;

const job: Job = { id: "bench", source: "bench", fingerprint: "bench" };

/** Records a made-up job in a new catalogue, as fast as it goes, and proves it. */
export async function benchLedger(
  options: Options,
  { home, signal, say }: { home: string; signal: AbortSignal; say: (line: string) => void },
): Promise<LedgerResult> {
  const path = join(home, "catalogue.db");
  const recorded = await recordAll(path, options.objects, { signal, say });
  return { ...recorded, catalogueBytes: bytesOf(path) };
}

async function recordAll(
  path: string,
  wanted: number,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<Omit<LedgerResult, "catalogueBytes">> {
  const directories = Math.max(1, Math.round(wanted / filesPerDirectory));
  const objects = directories * filesPerDirectory;
  await using opened = await openCatalogue({ path, log });
  using status = await createStatus({ catalogue: opened, log });
  const { catalogue } = status;
  const app = ledgerApp(catalogue, { status, log });
  const ledger = new LedgerClient({ url: "http://localhost", fetch: (request) => app.fetch(request) });
  await catalogue.jobs.open({ ...job, prefix: "", filters: {}, startedAt: Date.now() });
  const watch = new Watch(catalogue, ledger, path, { objects, say });
  const began = performance.now();
  await record(catalogue, directories, { signal, watch });
  const seconds = (performance.now() - began) / 1000;
  await watch.stop();
  const proving = performance.now();
  const proof = await catalogue.questions.proof(job.id);
  const proofSeconds = (performance.now() - proving) / 1000;
  if (!proof.complete || proof.stored.objects !== objects) throw new Error("the proof is not what was told");
  return { objects, seconds, proofSeconds, ...watch.seen() };
}

/** Keeps as many messages in flight as a ledger has of the broker. */
async function record(
  catalogue: Catalogue,
  directories: number,
  { signal, watch }: { signal: AbortSignal; watch: Watch },
): Promise<void> {
  const messages = ledgerMessages(job, directories);
  async function consume(): Promise<void> {
    for (const message of messages) {
      signal.throwIfAborted();
      const [refusal] = await catalogue.recording.record([message]);
      if (refusal !== undefined) throw new Error(refusal);
      if (message.type === "result") watch.recorded(message.pages[0]?.objects.length ?? 0);
    }
  }
  await Promise.all(Array.from({ length: prefetch }, consume));
}

/** Counts, asks questions and prints progress, while others record. */
class Watch {
  readonly #catalogue: Catalogue;
  readonly #ledger: LedgerClient;
  readonly #path: string;
  readonly #objects: number;
  readonly #say: (line: string) => void;
  readonly #began = performance.now();
  readonly #waits: Record<"status" | "where", number[]> = { status: [], where: [] };
  readonly #timers: readonly NodeJS.Timeout[];
  #recorded = 0;
  #window = { recorded: 0, at: performance.now() };
  #peakRss = 0;
  #earlyRss = 0;
  #asking: Promise<unknown> = Promise.resolve();

  constructor(
    catalogue: Catalogue,
    ledger: LedgerClient,
    path: string,
    { objects, say }: { objects: number; say: (line: string) => void },
  ) {
    this.#catalogue = catalogue;
    this.#ledger = ledger;
    this.#path = path;
    this.#objects = objects;
    this.#say = say;
    this.#timers = [
      setInterval(() => {
        this.#asking = Promise.all([this.#asking, this.#ask()]).then(() => {});
        // The error is thrown where the result is awaited.
        this.#asking.catch(() => {});
      }, askEveryMs),
      setInterval(() => this.#tell(), tellEveryMs),
    ];
  }

  recorded(objects: number): void {
    this.#recorded += objects;
  }

  /** Resolves when the last question is answered. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#asking;
    await this.#ask();
    this.#tell();
  }

  seen(): Pick<LedgerResult, "peakRss" | "earlyRss" | "latency"> {
    const latency = (waits: readonly number[]): Latency => ({
      median: quantile(waits, 0.5),
      p99: quantile(waits, 0.99),
      most: quantile(waits, 1),
    });
    const { status, where } = this.#waits;
    return {
      peakRss: this.#peakRss,
      earlyRss: this.#earlyRss,
      latency: { status: latency(status), where: latency(where) },
    };
  }

  async #ask(): Promise<void> {
    const rss = process.memoryUsage.rss();
    this.#peakRss = Math.max(this.#peakRss, rss);
    if (this.#earlyRss === 0 && this.#recorded >= this.#objects / 10) this.#earlyRss = rss;
    const timed = async (question: "status" | "where", answer: () => Promise<unknown>) => {
      const asked = performance.now();
      await answer();
      this.#waits[question].push(performance.now() - asked);
    };
    const { directory, name } = objectAt(Math.floor(Math.random() * this.#recorded));
    await Promise.all([
      timed("status", () => this.#ledger.status()),
      timed("where", () => Array.fromAsync(this.#catalogue.questions.where({ key: `${directory}/${name}` }))),
    ]);
  }

  #tell(): void {
    const now = performance.now();
    const rate = (objects: number, since: number) => Math.round((objects / (now - since)) * 1000);
    const last = rate(this.#recorded - this.#window.recorded, this.#window.at);
    this.#window = { recorded: this.#recorded, at: now };
    const megabytes = [process.memoryUsage.rss(), bytesOf(this.#path)].map((bytes) =>
      Math.round(bytes / 1e6),
    );
    this.#say(
      `${this.#recorded} outcomes, ${rate(this.#recorded, this.#began)}/s, lately ${last}/s, ` +
        `RSS ${megabytes[0]} MB, catalogue ${megabytes[1]} MB`,
    );
  }
}

function bytesOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, one) => sum + (existsSync(one) ? statSync(one).size : 0), 0);
}

export function ledgerTable(result: LedgerResult): string {
  const { objects, seconds, proofSeconds, peakRss, earlyRss, catalogueBytes, latency } = result;
  const each = catalogueBytes / objects;
  const wait = ({ median, p99, most }: Latency) => [median, p99, most].map((ms) => ms.toFixed(0)).join(" / ");
  return table([
    ["outcomes", String(objects)],
    ["outcomes/s", (objects / seconds).toFixed(0)],
    ["RSS MB, most (at a tenth)", `${(peakRss / 1e6).toFixed(0)} (${(earlyRss / 1e6).toFixed(0)})`],
    ["catalogue MB", (catalogueBytes / 1e6).toFixed(0)],
    ["bytes an object", each.toFixed(1)],
    [`GB of ${projected / 1e6} million`, ((each * projected) / 1e9).toFixed(1)],
    ["status ms: median / p99 / most", wait(latency.status)],
    ["where ms: median / p99 / most", wait(latency.where)],
    ["proof s", proofSeconds.toFixed(1)],
  ]);
}
