import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { GroupCommit } from "./group-commit.ts";
import type { Post, Request, StoreOptions } from "./protocol.ts";
import { openDatabase } from "./schema.ts";
import { Session } from "./session.ts";
import { troubleOf } from "./trouble.ts";

/** Milliseconds between attempts while the disk is full. */
const fullPause = 1_000;

function serve(port: MessagePort, options: StoreOptions): void {
  const post = (message: Post) => port.postMessage(message);
  let session: Session;
  try {
    session = new Session(openDatabase(options));
    post({ kind: "opened", ...session.recover() });
  } catch (error) {
    post(troubleOf(error));
    port.close();
    return;
  }
  const commits = new GroupCommit(session, {
    outcome: post,
    trouble: post,
    recovered: () => post({ kind: "recovered" }),
  });

  let retrying: NodeJS.Timeout | undefined;
  const retry = () => {
    retrying = undefined;
    commits.retry();
    retryIfFull();
  };
  const retryIfFull = () => {
    if (commits.full) retrying ??= setTimeout(retry, fullPause);
  };

  // All that arrived during the last commit makes the next one.
  port.on("message", (first: Request[]) => {
    const requests = first;
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port))
      for (const request of more.message as Request[]) requests.push(request);
    const last = requests.at(-1);
    if (last?.kind !== "close") {
      commits.commit(requests);
      retryIfFull();
      return;
    }
    clearTimeout(retrying);
    if (requests.length > 1) commits.commit(requests.slice(0, -1));
    try {
      commits.close();
    } catch (error) {
      post(troubleOf(error));
    }
    post({
      kind: "outcome",
      answers: [{ ticket: last.ticket, value: undefined }],
      handedOut: [],
      nextDue: undefined,
    });
    port.close();
  });
}

if (parentPort === null) throw new Error("this module runs in a worker thread");
serve(parentPort, workerData as StoreOptions);
