import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds. */
const patience = 90_000;
const answerWithin = 5_000;
const pause = 100;

const protocolHeader = Buffer.from("AMQP\0\0\x09\x01", "latin1");
/** The type of the first frame from a broker. A broker listens only when its boot is done. */
const methodFrame = 1;

/** Resolves when an AMQP broker answers; rejects when `signal` is aborted, or after 90 s. */
export async function becomesReady(port: number, signal?: AbortSignal): Promise<void> {
  const until = Date.now() + patience;
  while (!(await answers(port))) {
    signal?.throwIfAborted();
    if (Date.now() > until) throw new Error(`no AMQP broker answers on port ${port}`);
    await sleep(pause);
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1").setTimeout(answerWithin, () => socket.destroy());
  socket.on("error", () => {}); // its close follows
  socket.write(protocolHeader);
  const answer = await new Promise<Buffer | undefined>((resolve) => {
    socket.once("data", resolve);
    socket.once("close", () => resolve(undefined));
  });
  socket.destroy();
  return answer?.[0] === methodFrame;
}
