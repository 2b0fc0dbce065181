import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Accounts } from "./accounts.ts";
import { translate } from "./storage.ts";
import { type Answer, type CatalogueThreadData, describe, type Question } from "./thread-call.ts";

/** Owns the database: a sync to disk takes as long as it takes, and nothing else waits for it. */
const port = parentPort;
if (port === null) throw new Error("this file is a thread of the catalogue");
const { path, cacheBytes } = workerData as CatalogueThreadData;
let accounts: Accounts | undefined;

port.on("message", (question: Question) => {
  void reply(port, question);
});

async function reply(to: MessagePort, question: Question): Promise<void> {
  to.postMessage(await answer(question));
  if (question.method === "close") to.close();
}

async function answer({ id, method, args }: Question): Promise<Answer> {
  try {
    if (method === "open") {
      accounts = new Accounts(path, cacheBytes);
      return { id, value: undefined };
    }
    if (accounts === undefined) throw new Error("the catalogue is not open");
    const call = accounts[method] as (...args: readonly unknown[]) => unknown;
    return { id, value: await call.apply(accounts, [...args]) };
  } catch (error) {
    return { id, error: describe(translate(error, path)) };
  }
}
