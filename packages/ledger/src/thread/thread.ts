import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { encodeError } from "@brigade/core/thread";
import { translate } from "../database/storage.ts";
import type { Answer, CatalogueThreadData, Question } from "./protocol.ts";
import { openRooms, type Rooms } from "./rooms.ts";

/** Owns the database: a sync to disk takes as long as it takes, and nothing else waits for it. */
const port = parentPort;
if (port === null) throw new Error("this file is a thread of the catalogue");
const { path, cacheBytes } = workerData as CatalogueThreadData;
let rooms: Rooms | undefined;

port.on("message", (question: Question) => {
  void reply(port, question);
});

async function reply(to: MessagePort, question: Question): Promise<void> {
  to.postMessage(await answer(question));
  if (question.to[0] === "closing") to.close();
}

async function answer({ id, to, args }: Question): Promise<Answer> {
  try {
    if (to === "open") {
      rooms = openRooms(path, cacheBytes);
      return { id, value: undefined };
    }
    if (rooms === undefined) throw new Error("the catalogue is not open");
    const [name, method] = to;
    const room = rooms[name] as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;
    const call = room[method];
    if (call === undefined) throw new Error(`${name} has no ${method}`);
    return { id, value: await call.apply(room, [...args]) };
  } catch (error) {
    return { id, error: encodeError(translate(error, path)) };
  }
}
