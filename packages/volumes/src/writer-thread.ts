import { parentPort } from "node:worker_threads";
import { type OpenedVolume, openForWriting } from "./opening.ts";
import { encodeFailure } from "./thread-failures.ts";
import type { Answer, Answers, Command, FromThread, Op } from "./thread-protocol.ts";
import type { Writer } from "./writer.ts";

/*
 * Entry of a volume's writer thread. Takes arrays of commands, in order; gives back their answers.
 */

if (parentPort === null) throw new Error("this is a thread's entry");
const port = parentPort;

let volume: OpenedVolume | undefined;
let answers: Answer[] = [];
let warnings: { reason: string; message: string }[] = [];

function flush(): void {
  if (answers.length + warnings.length === 0) return;
  port.postMessage({ answers, warnings } satisfies FromThread);
  answers = [];
  warnings = [];
}

function resolve<O extends Op>(id: number, value: Answers[O]): void {
  answers.push({ id, value });
}

function reject(id: number, error: unknown, doing: string): void {
  answers.push({ id, failure: encodeFailure(error, doing) });
}

port.on("message", (commands: readonly Command[]) => {
  for (const command of commands) {
    try {
      perform(command);
    } catch (error) {
      reject(command.id, error, wordsFor(command));
    }
  }
  flush();
});

function perform(command: Command): void {
  const { id } = command;
  switch (command.op) {
    case "put":
      opened().put(command.object, command.bytes, settleOf(id, command.object.key));
      return;
    case "finish":
      opened().finish(command.sink, settleOf(id, "finish"));
      return;
    case "open":
      later(command, async () => {
        volume = await openForWriting(command.options, {
          onSettled: flush,
          onWarning: (error, message) => {
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
      return;
    case "abort":
      resolve(id, void opened().abort(command.sink));
      return;
    case "bind":
      resolve(id, void opened().bind(command.source, command.fingerprint));
      return;
    case "present":
      resolve(id, opened().present(command.source, command.files));
      return;
    case "room":
      resolve(id, opened().room());
      return;
  }
}

function opened(): Writer {
  if (volume === undefined) throw new Error("the volume is not open");
  return volume.writer;
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
  return "object" in command ? command.object.key : command.op;
}
