import { parentPort, workerData } from "node:worker_threads";
import { onProgress } from "../disk/progress.ts";
import { BodyHash } from "../md5/bodies.ts";
import { type OpenedVolume, openForWriting } from "../opening/opening.ts";
import { encodeFailure } from "../thread/failures.ts";
import { discard, performQuickly, performSlowly, performTrial } from "./commands.ts";
import type { Answer, Answers, Command, FromThread, Op } from "./protocol.ts";

/*
 * Entry of a volume's writer thread. Takes arrays of commands, in order, and posts their answers.
 */

if (parentPort === null) throw new Error("this is a thread's entry");
const port = parentPort;
if (!(workerData instanceof WebAssembly.Memory)) throw new Error("the memory for bodies is missing");
const slots = workerData;
const bodyHash = new BodyHash(slots);

let volume: OpenedVolume | undefined;
let answers: Answer[] = [];
let read: number[] = [];
let warnings: { reason: string; message: string }[] = [];
/**
 * A caller was told that the disk has failed: warnings about what else fails because of that are
 * left out.
 */
let hasFailed = false;

function flush(): void {
  if (answers.length + warnings.length + read.length === 0) return;
  port.postMessage({ answers, warnings, read } satisfies FromThread);
  read = [];
  answers = [];
  warnings = [];
}

/** Milliseconds between signs of life. */
const progressEvery = 1_000;
let toldProgressAt = 0;
onProgress(() => {
  const now = performance.now();
  if (now - toldProgressAt < progressEvery) return;
  toldProgressAt = now;
  port.postMessage({ answers: [], warnings: [], read: [], progress: true } satisfies FromThread);
});

function resolve<O extends Op>(id: number, value: Answers[O]): void {
  answers.push({ id, value });
}

function reject(id: number, error: unknown, doing: string): void {
  const failure = encodeFailure(error, doing);
  hasFailed ||= failure.kind === "io";
  answers.push({ id, failure });
}

port.on("message", (commands: readonly Command[]) => {
  const md5s = md5sOf(commands);
  for (const command of commands) {
    try {
      perform(command, md5s);
    } catch (error) {
      reject(command.id, error, wordsFor(command));
    }
  }
  flush();
});

/**
 * Returns the MD5s of the bodies in slots, by the commands' ids. Hashing many at once costs less.
 */
function md5sOf(commands: readonly Command[]): ReadonlyMap<number, string> {
  const puts = commands.flatMap((command) =>
    command.op === "put" && !("buffer" in command.bytes) ? [{ id: command.id, body: command.bytes }] : [],
  );
  const md5s = bodyHash.md5s(puts.map(({ body }) => body));
  return new Map(puts.map(({ id }, index) => [id, md5s[index] ?? ""]));
}

function perform(command: Command, md5s: ReadonlyMap<number, string>): void {
  const { id } = command;
  switch (command.op) {
    case "put":
      put(command, md5s.get(id));
      return;
    case "finish":
      opened().storing.finish(command.sink, completionOf(id, "finish"));
      return;
    case "look":
    case "try":
      resolve(id, performTrial(command));
      return;
    case "open":
      later(command, async () => {
        volume = await openForWriting(command.options, {
          onCompleted: flush,
          onWarning: (error, message) => {
            if (hasFailed) return;
            warnings.push({ reason: error instanceof Error ? error.message : String(error), message });
          },
        });
        const { identity, root, occupied } = volume;
        return { id: identity.id, label: identity.label, root, occupied };
      });
      return;
    case "close":
      later(command, async () => {
        await volume?.[Symbol.asyncDispose]();
        volume = undefined;
        return undefined;
      });
      return;
    case "sink":
    case "write":
    case "abort":
    case "bind":
    case "claim":
    case "present":
    case "holds":
    case "sample":
    case "room":
      resolve(id, performQuickly(opened(), command));
      return;
    default:
      later(command, () => performSlowly(opened(), command));
  }
}

function put({ id, object, bytes }: Command & { op: "put" }, md5: string | undefined): void {
  const own = "buffer" in bytes;
  const body = own ? bytes : new Uint8Array(slots.buffer, bytes.offset, bytes.length);
  const free = () => {
    if (own) discard(bytes);
    read.push(id);
  };
  try {
    opened().storing.put(object, { bytes: body, md5 }, completionOf(id, object.key), free);
  } catch (error) {
    free();
    throw error;
  }
}

function opened(): OpenedVolume {
  if (volume === undefined) throw new Error("the volume is not open");
  return volume;
}

function completionOf(id: number, doing: string) {
  return {
    resolve: (value: Answers["put"]) => resolve(id, value),
    reject: (error: unknown) => reject(id, error, doing),
  };
}

function later(command: Command, work: () => Promise<Answers[Op]>): void {
  void work()
    .then(
      (value) => resolve(command.id, value),
      (error: unknown) => reject(command.id, error, wordsFor(command)),
    )
    .finally(flush);
}

function wordsFor(command: Command): string {
  if ("object" in command) return command.object.key;
  const key = "sink" in command ? volume?.storing.keyOf(command.sink) : undefined;
  return key ?? command.op;
}
