import type { Parts } from "../parts/parts.ts";
import type { Answers, PartCommand } from "./protocol.ts";

/** In the thread: what a command asks of the volume's parts. */
export async function performOnPart(parts: Parts, command: PartCommand): Promise<Answers[PartCommand["op"]]> {
  switch (command.op) {
    case "part":
      return await parts.open(command.id, command.object, command.validator);
    case "part-write":
      await parts.write(command.part, command.offset, command.bytes);
      return undefined;
    case "part-sync":
      return await parts.sync(command.part);
    case "part-finish":
      return await parts.finish(command.part);
    case "part-stop":
      parts.stop(command.part);
      return undefined;
    case "part-discard":
      await parts.discard(command.part);
      return undefined;
    case "part-close":
      await parts.close(command.part);
      return undefined;
    case "begun":
      return await parts.begun(command.object);
  }
}
