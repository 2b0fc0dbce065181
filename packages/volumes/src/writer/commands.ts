import { tryFor } from "../identity/folder-trial.ts";
import { lookAt } from "../identity/found-folder.ts";
import type { OpenedVolume } from "../opening/opening.ts";
import type { Parts } from "../parts/parts.ts";
import type { Answers, PartCommand, QuickCommand, SlowCommand, TrialCommand } from "./protocol.ts";

/*
 * In the thread: what is done for each command. writer-thread.ts itself has `put`, `finish`, `open`
 * and `close`.
 */

/** Answers what is asked before the volume is open. */
export function performTrial(command: TrialCommand): Answers[TrialCommand["op"]] {
  return command.op === "look" ? lookAt(command.trial) : void tryFor(command.trial);
}

/** Answers a command at once. */
export function performQuickly(
  { storing, bindings, looking }: OpenedVolume,
  command: QuickCommand,
): Answers[QuickCommand["op"]] {
  switch (command.op) {
    case "sink":
      return void storing.open(command.id, command.object);
    case "write":
      storing.write(command.sink, command.chunk);
      return discard(command.chunk);
    case "abort":
      return void storing.abort(command.sink);
    case "bind":
      return void bindings.bind(command.source, command.fingerprint);
    case "claim":
      return void bindings.claim(command.source);
    case "present":
      return looking.present(command.source, command.files);
    case "holds":
      return looking.holds(command.source, command.keys);
    case "sample":
      return looking.sample(command.source, command.most);
    case "room":
      return looking.room();
  }
}

/** Answers a command later; other commands have their turn meanwhile. */
export async function performSlowly(
  { adoption, parts }: OpenedVolume,
  command: SlowCommand,
): Promise<Answers[SlowCommand["op"]]> {
  switch (command.op) {
    case "adopt":
      return adoption.adopt(command.objects);
    case "import":
      return adoption.import(command.objects);
    default:
      return performOnPart(parts, command);
  }
}

async function performOnPart(parts: Parts, command: PartCommand): Promise<Answers[PartCommand["op"]]> {
  switch (command.op) {
    case "part":
      return parts.open(command.id, command.object, command.validator);
    case "part-write":
      await parts.write(command.part, command.offset, command.bytes);
      return discard(command.bytes);
    case "part-sync":
      return parts.sync(command.part);
    case "part-finish":
      return parts.finish(command.part);
    case "part-stop":
      return void parts.stop(command.part);
    case "part-discard":
      await parts.discard(command.part);
      return undefined;
    case "part-close":
      await parts.close(command.part);
      return undefined;
    case "begun":
      return parts.begun(command.object);
  }
}

/**
 * Frees the memory now: garbage of this size would make the collector run often, and the process
 * large.
 */
export function discard({ buffer }: Uint8Array<ArrayBuffer>): undefined {
  buffer.transfer(0);
}
