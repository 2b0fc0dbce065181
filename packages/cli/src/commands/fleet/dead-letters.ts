import type { BrokerAdmin, RabbitDeadLetter } from "@brigade/broker";
import { integer } from "@brigade/core";
import { parseSource } from "@brigade/sources";
import { type Command, InvalidArgumentError } from "commander";
import { readFleet } from "../../fleet/fleet.ts";
import { addCommand } from "../../options/outlines.ts";
import { configuredSourceArgument } from "../../options/source-options.ts";
import { readEnvironment } from "../../settings/environment.ts";
import { print, printJson } from "../../terminal/terminal.ts";

interface Flags {
  readonly json?: true;
}

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
    .action(async (source: string, flags: Flags & { limit: number }) => {
      await withAdmin(source, signal, (admin, name) => list(admin, name, flags));
    });
  add("replay", "give them back to their queues, as if they had never been tried")
    .argument("[id...]", which)
    .action(async (source: string, ids: string[], flags: Flags) => {
      await withAdmin(source, signal, (admin, name) => replay(admin, name, someOrAll(ids), flags));
    });
  add("drop", "delete them")
    .argument("[id...]", which)
    .action(async (source: string, ids: string[], flags: Flags) => {
      await withAdmin(source, signal, (admin, name) => drop(admin, name, someOrAll(ids), flags));
    });
}

function someOrAll(ids: readonly string[]): Ids {
  return ids.length > 0 ? ids : undefined;
}

async function withAdmin(
  sourceArgument: string,
  signal: AbortSignal,
  run: (admin: BrokerAdmin, source: string) => Promise<void>,
): Promise<void> {
  const environment = readEnvironment({}, process.env);
  const { name } = parseSource(sourceArgument, environment);
  await using admin = await readFleet("dead-letters", environment, signal).connect();
  await run(admin, name);
}

type Ids = readonly string[] | undefined;

async function list(admin: BrokerAdmin, source: string, flags: Flags & { limit: number }): Promise<void> {
  const letters = await admin.deadLetters(source, flags.limit);
  await (flags.json ? printJson(letters) : print(...letters.flatMap(linesOf)));
}

async function replay(admin: BrokerAdmin, source: string, ids: Ids, { json }: Flags): Promise<void> {
  const result = await admin.replay(source, ids);
  const skipped =
    result.skipped > 0 ? `; ${result.skipped} cannot be read and stay: \`drop\` deletes them` : "";
  await (json ? printJson(result) : print(`${result.replayed} replayed${skipped}`));
}

async function drop(admin: BrokerAdmin, source: string, ids: Ids, { json }: Flags): Promise<void> {
  const dropped = await admin.drop(source, ids);
  await (json ? printJson({ dropped }) : print(`${dropped} dropped`));
}

/** Returns two lines for people. */
function linesOf({ id, at, queue, host, reason, body }: RabbitDeadLetter): string[] {
  const where = host === undefined ? queue : `${queue} on ${host}`;
  const begins = JSON.stringify(body.length > 160 ? `${body.slice(0, 160)}…` : body);
  const head = `${id}  ${new Date(at).toISOString()}  ${where}  ${reason.replaceAll(/\s+/g, " ")}`;
  return [head, `    ${begins}`];
}

function parseLimit(value: string): number {
  const parsed = integer({ min: 1 }).safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError("must be a whole number");
  return parsed.data;
}
