import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { ConfigError, HostError, MessageError, parseBounded } from "@brigade/core";
import type { ControlDesk } from "./control-desk.ts";
import { type Answered, askedSchema } from "./socket-words.ts";

/** Bytes of a question, and milliseconds until it is there. */
const longestQuestion = 64 * 1024;
const patienceMs = 5_000;
const mostAtOnce = 16;

export interface SocketDoorParts {
  readonly path: string;
  readonly source: string;
  readonly desk: ControlDesk;
  /** Resolves with the messages of work in hand. */
  readonly holding: () => Promise<number>;
}

/**
 * Answers at a socket until it is disposed of. Keeps no process alive. Rejects with ConfigError if
 * there can be no socket.
 */
export async function openSocketDoor(parts: SocketDoorParts): Promise<AsyncDisposable> {
  const { path } = parts;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy()));
    serve(socket, parts);
  });
  server.maxConnections = mostAtOnce;
  // A process that had this number before may have left it.
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new ConfigError([`${path}: ${cause.message}`], { cause })));
    server.listen(path, resolve);
  });
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function serve(socket: Socket, parts: SocketDoorParts): void {
  let text = "";
  socket.setEncoding("utf8").setTimeout(patienceMs, () => socket.destroy());
  socket.on("data", (piece: string) => {
    text += piece;
    const end = text.indexOf("\n");
    if (text.length > longestQuestion) socket.destroy();
    else if (end >= 0) {
      socket.pause();
      void answerTo(text.slice(0, end), parts).then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
    }
  });
}

/** Never rejects. */
async function answerTo(question: string, { source, desk, holding }: SocketDoorParts): Promise<Answered> {
  try {
    const asked = askedSchema.safeParse(parseBounded(question));
    if (!asked.success) return { error: `this brigade cannot read the order: ${asked.error.message}` };
    const { order } = asked.data;
    const standing = order === undefined ? desk.standing : await desk.order(order);
    return { source, standing, holding: await holding() };
  } catch (error) {
    const isExpected = [ConfigError, HostError, MessageError].some((kind) => error instanceof kind);
    return { error: isExpected && error instanceof Error ? error.message : String(error) };
  }
}
