import type { BrokerAdmin, RabbitDeadLetter } from "@brigade/broker";
import { parseSource } from "@brigade/sources";
import { readFleet } from "../../fleet/fleet.ts";
import { readEnvironment } from "../../settings/environment.ts";
import { print, printJson } from "../../terminal/terminal.ts";

export interface DeadLetterFlags {
  readonly json?: true;
}

export async function withAdmin(
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

export async function list(
  admin: BrokerAdmin,
  source: string,
  flags: DeadLetterFlags & { limit: number },
): Promise<void> {
  const letters = await admin.deadLetters(source, flags.limit);
  await (flags.json ? printJson(letters) : print(...letters.flatMap(linesOf)));
}

export async function replay(
  admin: BrokerAdmin,
  source: string,
  ids: Ids,
  { json }: DeadLetterFlags,
): Promise<void> {
  const result = await admin.replay(source, ids);
  const skipped =
    result.skipped > 0 ? `; ${result.skipped} cannot be read and stay: \`drop\` deletes them` : "";
  await (json ? printJson(result) : print(`${result.replayed} replayed${skipped}`));
}

export async function drop(
  admin: BrokerAdmin,
  source: string,
  ids: Ids,
  { json }: DeadLetterFlags,
): Promise<void> {
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
