import { rmSync } from "node:fs";
import { connect } from "node:net";
import { ConfigError, HostError, type Order } from "@brigade/core";
import { socketsIn } from "./socket-folder.ts";
import { type Answered, answeredSchema, longestLine } from "./socket-words.ts";

type Answer = Exclude<Answered, { readonly error: string }>;

/** Milliseconds for an answer: an order is synced to a disk. */
const patienceMs = 10_000;

/**
 * Asks each `copy` of this user that runs here, or gives it an order; those of one source, or all.
 * Rejects with ConfigError if one cannot obey, with HostError if one does not answer.
 */
export async function askCopies(
  folder: string,
  source: string | undefined,
  order: Order | undefined,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const path of socketsIn(folder, source)) {
    const answer = await ask(path, order);
    if (answer === undefined) rmSync(path, { force: true });
    else if ("error" in answer) throw new ConfigError([answer.error]);
    else answers.push(answer);
  }
  return answers;
}

/** Resolves with `undefined` if the process of the socket is gone. */
async function ask(path: string, order: Order | undefined): Promise<Answered | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered | undefined>();
  const socket = connect(path).setEncoding("utf8");
  const away = (why: string, cause?: Error) =>
    reject(new HostError("io", `the copy at ${path} ${why}`, { cause }));
  let text = "";
  socket.setTimeout(patienceMs, () => {
    away("does not answer");
    socket.destroy();
  });
  socket.on("connect", () => socket.write(`${JSON.stringify({ v: 1, ...(order && { order }) })}\n`));
  socket.on("data", (piece: string) => {
    text += piece;
    if (text.length <= longestLine) return;
    away("answers too much");
    socket.destroy();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(undefined);
    else away(`cannot be asked: ${error.message}`, error);
  });
  socket.on("end", () => {
    try {
      resolve(answeredSchema.parse(JSON.parse(text)));
    } catch (error) {
      away("gave an answer that cannot be read", error instanceof Error ? error : undefined);
    }
  });
  return await promise;
}
