import { integer } from "@brigade/core";
import { type Command, InvalidArgumentError } from "commander";
import type { DeadLetterFlags } from "../../actions/fleet/dead-letters.ts";
import { addCommand } from "../../options/outlines.ts";
import { configuredSourceArgument } from "../../options/source-options.ts";

/**
 * `brigade dead-letters list | replay | drop`: messages that cannot be read, or that killed their
 * process several times.
 */
export function addDeadLetters(program: Command, signal: AbortSignal): void {
  const group = addCommand(program, "dead-letters");
  const add = (name: string, description: string) =>
    group
      .command(name)
      .description(description)
      .argument("<source>", configuredSourceArgument)
      .option("--json", "one JSON document on stdout");
  const which = "as `list` shows them; by default all that are there now";
  add("list", "oldest first: id, when, where from, why, and how the message begins")
    .option("--limit <n>", "the greatest number of letters that are shown", parseLimit, 1_000)
    .action(async (source: string, flags: DeadLetterFlags & { limit: number }) => {
      const { list, withAdmin } = await import("../../actions/fleet/dead-letters.ts");
      await withAdmin(source, signal, (admin, name) => list(admin, name, flags));
    });
  add("replay", "give them back to their queues, as if they had never been tried")
    .argument("[id...]", which)
    .action(async (source: string, ids: string[], flags: DeadLetterFlags) => {
      const { replay, withAdmin } = await import("../../actions/fleet/dead-letters.ts");
      await withAdmin(source, signal, (admin, name) => replay(admin, name, someOrAll(ids), flags));
    });
  add("drop", "delete them")
    .argument("[id...]", which)
    .action(async (source: string, ids: string[], flags: DeadLetterFlags) => {
      const { drop, withAdmin } = await import("../../actions/fleet/dead-letters.ts");
      await withAdmin(source, signal, (admin, name) => drop(admin, name, someOrAll(ids), flags));
    });
}

function someOrAll(ids: readonly string[]): readonly string[] | undefined {
  return ids.length > 0 ? ids : undefined;
}

function parseLimit(value: string): number {
  const parsed = integer({ min: 1 }).safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError("must be a whole number");
  return parsed.data;
}
