import { parentPort, workerData } from "node:worker_threads";
import { type ExpectedFile, FileChecker, type Finding } from "./check-file.ts";

/*
 * Entry of a thread that re-reads files. Answers every batch once, in order.
 */

export interface CheckThreadData {
  readonly root: string;
  /** Its first number is not 0 when the work is to end. */
  readonly stop: Int32Array;
}

/** Of a batch of files: what is wrong, in order; fewer than were asked for when it was stopped. */
export type CheckAnswer = readonly (Finding | undefined)[];

if (parentPort === null) throw new Error("this is a thread's entry");
const port = parentPort;
const { root, stop } = workerData as CheckThreadData;

const stopped = () => Atomics.load(stop, 0) !== 0;
const checker = new FileChecker(root, stopped);

function checkAll(files: readonly ExpectedFile[]): CheckAnswer {
  const answers: (Finding | undefined)[] = [];
  // What is asked for later may have been changed since.
  checker.forget();
  for (const file of files) {
    const answer = stopped() ? "stopped" : checker.check(file);
    if (answer === "stopped") break;
    answers.push(answer);
  }
  return answers;
}

port.on("message", (files: readonly ExpectedFile[]) => {
  port.postMessage(checkAll(files) satisfies CheckAnswer);
});
