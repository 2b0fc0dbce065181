import { writeSync } from "node:fs";
import { type Delivery, HostError, type Verdict } from "@brigade/core";
import { silentLog } from "../../../../../test/logs.ts";
import { createEmbeddedBroker } from "../../../src/index.ts";
import { filesMessage } from "../../sample-messages.ts";
import { pairOf, stepsOf } from "./numbered.ts";

/*
 * Publishes numbered messages from the given number on, and consumes them, until it is killed. Says
 * what it did in lines, each written before the next thing happens: `p <number>` confirmed, `h
 * <number> <step> <deliveries>` handed to the handler, `e <kind>` an error that is the broker's
 * end.
 */
const [path = "", from = "0"] = process.argv.slice(2);
/** Blocks while the pipe is full. */
const say = (line: string): void => {
  try {
    writeSync(1, `${line}\n`);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    say(line);
  }
};
/** Leaves a moment for what must not happen any more. */
const onError = (error: unknown) => {
  say(`e ${error instanceof HostError ? error.kind : String(error)}`);
  setTimeout(() => process.exit(7), 200);
};

const broker = await createEmbeddedBroker({ path, log: silentLog, onError });
const handle = async ({ message, deliveries }: Delivery): Promise<Verdict> => {
  const { number, step } = pairOf(message);
  say(`h ${number} ${step} ${deliveries}`);
  // Some are never settled by the first process that gets them.
  if (number % 50 === 0 && deliveries === 0) await new Promise(() => undefined);
  if (step === stepsOf(number)) return { kind: "ack" };
  return { kind: "retry", remainder: [filesMessage("photos", step + 1, String(number))], delay: 1_000 };
};
await broker.consume({ source: "photos", queue: "files" }, { prefetch: 32 }, handle);
await broker.consume({ source: "photos", queue: "retry" }, { prefetch: 32 }, handle);
let next = Number(from);
await Promise.all(
  Array.from({ length: 8 }, async () => {
    for (;;) {
      const number = next++;
      try {
        await broker.publish([filesMessage("photos", 0, String(number))]);
      } catch {
        return; // the disk failed, as `onError` says
      }
      say(`p ${number}`);
    }
  }),
);
