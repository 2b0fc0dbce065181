import { parentPort, workerData } from "node:worker_threads";
import { decodeMessage, MessageError } from "@brigade/core";

/**
 * Decodes one message, to find out whether a thread survives that. A Buffer comes as a Uint8Array.
 */
const body: unknown = workerData;
parentPort?.postMessage("begun");
try {
  decodeMessage(typeof body === "string" ? body : Buffer.from(body as Uint8Array));
} catch (error) {
  if (!(error instanceof MessageError)) throw error;
}
parentPort?.postMessage("lived");
