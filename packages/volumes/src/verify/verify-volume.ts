import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { decodeError, HostError } from "@brigade/core";
import type { BadLine } from "../manifest/read-manifest.ts";
import type { Difference } from "./difference.ts";
import type { VerifyProgress, VerifyReport } from "./reports.ts";
import type { VerifySummary } from "./verification.ts";
import type { VerifySettings } from "./verify.ts";
import type { FromVerifyThread, ToVerifyThread } from "./verify-thread.ts";

export interface VerifyOptions {
  /** Only this source's objects and folder. */
  readonly source?: string;
  /** Threads that read and hash; as many as the machine has processors by default. */
  readonly threads?: number;
  /** Forget what an interrupted run has found. */
  readonly restart?: boolean;
  /** Called a few times per second at most. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** As they are found; what finds more waits for the promise. */
  readonly onDifference?: (difference: Difference) => void | Promise<void>;
  readonly onBadLine?: (bad: BadLine) => void | Promise<void>;
  /** Stops soon, keeping what is done. */
  readonly signal?: AbortSignal;
  /**
   * How long after a file got its place its line may be missing in the manifest; milliseconds,
   * default 2000.
   */
  readonly quietMs?: number;
}

/**
 * Re-reads a disk against its manifest, offline; somebody may be storing objects there meanwhile.
 * The caller's thread never touches the disk. What an interrupted run has found good is not read
 * again. Writes nothing but its own notes, in `.brigade/verify/`, gone when it is finished. Rejects
 * with ConfigError (no volume), HostError, AbortError.
 */
export async function verifyVolume(root: string, options: VerifyOptions = {}): Promise<VerifySummary> {
  const { signal, source, restart = false, quietMs = 2000, threads = availableParallelism() } = options;
  signal?.throwIfAborted();
  const workerData: VerifySettings = { root, threads, restart, source, quietMs };
  const worker = new Worker(new URL("./verify-thread.ts", import.meta.url), { name: "verify", workerData });
  const post = (word: ToVerifyThread) => worker.postMessage(word);
  const stop = () => post("stop");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      let refused = false;
      const refuse = (error: unknown) => {
        if (!refused) stop();
        refused = true;
        reject(error);
      };
      worker.on("message", (message: FromVerifyThread) => {
        if ("report" in message) {
          const heard = refused ? Promise.resolve() : hear(message.report, options).catch(refuse);
          void heard.finally(() => post("heard"));
        } else if ("summary" in message) resolve(message.summary);
        else if ("failure" in message) reject(decodeError(message.failure));
        else reject(signal?.reason);
      });
      worker.on("error", reject);
      worker.on("exit", () => reject(new HostError("io", "the verifying thread has died")));
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    await ended(worker);
  }
}

async function hear({ differences, badLines, progress }: VerifyReport, options: VerifyOptions) {
  for (const bad of badLines) await options.onBadLine?.(bad);
  for (const difference of differences) await options.onDifference?.(difference);
  options.onProgress?.(progress);
}

/** It ends by itself, having made safe what it has found. */
async function ended(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return;
  await new Promise((resolve) => worker.once("exit", resolve));
}
