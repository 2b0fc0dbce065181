import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Outcome, Post, Request, StoreOptions } from "./protocol.ts";
import { openDatabase } from "./schema.ts";
import { Session } from "./session.ts";
import { troubleOf } from "./trouble.ts";

function serve(port: MessagePort, options: StoreOptions): void {
  const post = (message: Post) => port.postMessage(message);
  const session = open(options, post);
  if (session === undefined) {
    port.close();
    return;
  }
  let broken = false;
  /** After the first failure nothing is committed or answered any more. */
  const attempt = (step: () => Outcome | undefined) => {
    if (broken) return;
    try {
      const outcome = step();
      if (outcome !== undefined) post(outcome);
    } catch (error) {
      broken = true;
      post(troubleOf(error, options.path));
    }
  };

  // All that arrived during the last commit makes the next one.
  port.on("message", (first: Request[]) => {
    const requests = first;
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port))
      for (const request of more.message as Request[]) requests.push(request);
    const last = requests.at(-1);
    if (last?.kind !== "close") {
      attempt(() => session.commit(requests));
      return;
    }
    if (requests.length > 1) attempt(() => session.commit(requests.slice(0, -1)));
    try {
      session.close();
    } catch (error) {
      if (!broken) post(troubleOf(error, options.path));
    }
    const answers = [{ ticket: last.ticket, value: undefined }];
    post({ kind: "outcome", answers, handedOut: [], nextDue: undefined });
    port.close();
  });
}

function open(options: StoreOptions, post: (message: Post) => void): Session | undefined {
  try {
    const session = new Session(openDatabase(options));
    post({ kind: "opened", ...session.recover() });
    return session;
  } catch (error) {
    post(troubleOf(error, options.path));
    return undefined;
  }
}

if (parentPort === null) throw new Error("this module runs in a worker thread");
serve(parentPort, workerData as StoreOptions);
