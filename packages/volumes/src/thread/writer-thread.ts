import { parentPort, workerData } from "node:worker_threads";
import { onProgress } from "../disk/progress.ts";
import { latestObjects } from "../manifest/latest-objects.ts";
import { BodyHash } from "../md5/bodies.ts";
import { type OpenedVolume, openForWriting } from "../opening/opening.ts";
import type { Writer } from "../opening/writer.ts";
import { tryFor } from "../trial/folder-trial.ts";
import { lookAt } from "../trial/found-folder.ts";
import { encodeFailure } from "./failures.ts";
import { performOnPart } from "./part-commands.ts";
import type { Answer, Answers, Command, FromThread, Op } from "./protocol.ts";

/*
 * Entry of a volume's writer thread. Takes arrays of commands, in order; gives back their answers.
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
/** Whoever asked was told that the disk has failed: what else fails because of that is no news. */
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

/** By the commands' ids, of the bodies in slots: many at once cost less. */
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
      opened().finish(command.sink, settleOf(id, "finish"));
      return;
    case "look":
      resolve(id, lookAt(command.trial));
      return;
    case "try":
      resolve(id, void tryFor(command.trial));
      return;
    case "open":
      later(command, async () => {
        volume = await openForWriting(command.options, {
          onSettled: flush,
          onWarning: (error, message) => {
            if (hasFailed) return;
            warnings.push({ reason: error instanceof Error ? error.message : String(error), message });
          },
        });
        const { identity, root, occupied } = volume;
        return { id: identity.id, label: identity.label, root, occupied };
      });
      return;
    case "adopt":
      later(command, () => opened().adopt(command.objects));
      return;
    case "take":
      later(command, () => opened().take(command.objects));
      return;
    case "close":
      later(command, async () => {
        await volume?.[Symbol.asyncDispose]();
        volume = undefined;
        return undefined;
      });
      return;
    case "sink":
      resolve(id, void opened().open(id, command.object));
      return;
    case "write":
      resolve(id, void opened().write(command.sink, command.chunk));
      discard(command.chunk);
      return;
    case "abort":
      resolve(id, void opened().abort(command.sink));
      return;
    case "bind":
      resolve(id, void opened().bind(command.source, command.fingerprint));
      return;
    case "claim":
      resolve(id, void opened().claim(command.source));
      return;
    case "present":
      resolve(id, opened().present(command.source, command.files));
      return;
    case "holds":
      resolve(id, opened().holds(command.source, command.keys));
      return;
    case "latest":
      resolve(id, latestObjects(openedVolume().root, command.source, command.most));
      return;
    case "room":
      resolve(id, opened().room());
      return;
    case "part":
    case "part-write":
    case "part-sync":
    case "part-finish":
    case "part-stop":
    case "part-discard":
    case "part-close":
    case "begun":
      later(command, async () => {
        const answer = await performOnPart(opened().parts, command);
        if (command.op === "part-write") discard(command.bytes);
        return answer;
      });
      return;
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
    opened().put(object, { bytes: body, md5 }, settleOf(id, object.key), free);
  } catch (error) {
    free();
    throw error;
  }
}

/** Garbage of this size would make the collector run often, and the process large. */
function discard({ buffer }: Uint8Array<ArrayBuffer>): void {
  buffer.transfer(0);
}

function opened(): Writer {
  return openedVolume().writer;
}

function openedVolume(): OpenedVolume {
  if (volume === undefined) throw new Error("the volume is not open");
  return volume;
}

function settleOf(id: number, doing: string) {
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
  const key = "sink" in command ? volume?.writer.keyOf(command.sink) : undefined;
  return key ?? command.op;
}
