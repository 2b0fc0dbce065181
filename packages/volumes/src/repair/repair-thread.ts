import { parentPort, workerData } from "node:worker_threads";
import { type EncodedError, encodeError } from "@brigade/core";
import { translate } from "../disk/disk-errors.ts";
import { type Damage, Mending, type MendingSettings, type Repaired } from "./mending.ts";

/*
 * Entry of the thread that repairs. Takes chunks one after the other: the next comes when the last
 * was answered.
 */

/** `open` is answered, too. */
export type ToRepairThread = "open" | "close" | readonly Damage[];
export type FromRepairThread = { readonly repaired: Repaired } | { readonly failure: EncodedError };

if (parentPort === null) throw new Error("this is a thread's entry");
const port = parentPort;
let mending: Mending | undefined;

async function perform(command: ToRepairThread): Promise<Repaired> {
  mending ??= new Mending(workerData as MendingSettings);
  if (command === "open") return { lost: 0, mended: 0 };
  if (command !== "close") return mending.mend(command);
  mending[Symbol.dispose]();
  return { lost: 0, mended: 0 };
}

port.on("message", (command: ToRepairThread) => {
  const post = (answer: FromRepairThread) => port.postMessage(answer);
  void perform(command).then(
    (repaired) => post({ repaired }),
    (error: unknown) => post({ failure: encodeError(translate(error, "repairing")) }),
  );
});
