import { parentPort, workerData } from "node:worker_threads";
import { type EncodedError, encodeError } from "@brigade/core";
import { translate } from "../disk/disk-errors.ts";
import { indexError } from "./index-storage.ts";
import type { VerifyReport } from "./reports.ts";
import type { VerifySummary } from "./verification.ts";
import { type VerifySettings, verify } from "./verify.ts";

/*
 * Entry of the thread that leads a verification: all that blocks happens here, and in the threads
 * that it starts.
 */

/** `heard`: the last report was taken. */
export type ToVerifyThread = "stop" | "heard";

export type FromVerifyThread =
  | { readonly report: VerifyReport }
  | { readonly summary: VerifySummary }
  | { readonly stopped: true }
  | { readonly failure: EncodedError };

if (parentPort === null) throw new Error("this is a thread's entry");
const port = parentPort;
const settings = workerData as VerifySettings;

const stopping = new AbortController();
let heard: (() => void) | undefined;
port.on("message", (word: ToVerifyThread) => {
  if (word === "stop") stopping.abort();
  else heard?.();
});

function post(message: FromVerifyThread): void {
  port.postMessage(message);
}

function send(report: VerifyReport): Promise<void> {
  post({ report });
  return new Promise((resolve) => {
    heard = resolve;
  });
}

try {
  post({ summary: await verify(settings, send, stopping.signal) });
} catch (error) {
  if (error instanceof Error && error.name === "AbortError") post({ stopped: true });
  else post({ failure: encodeError(translate(indexError(error, `of ${settings.root}`), "verifying")) });
}
port.close();
