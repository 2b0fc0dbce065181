import type { Location } from "@brigade/ledger";
import type { Command } from "commander";
import { readEnvironment } from "../environment.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { openLedger } from "../ledger/door.ts";
import { printable } from "../printable.ts";
import { formatBytes } from "../units.ts";
import { writeText } from "../write-text.ts";
import { addLedgerOptions, type LedgerFlags } from "./ledger-options.ts";

interface Flags extends LedgerFlags {
  readonly source?: string;
  readonly json?: true;
}

/** `brigade where`: on which host and volume an object lies. */
export function addWhere(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = program
    .command("where")
    .description("where an object lies: host, volume and path; exit code 3 when nothing is known of it")
    .argument("<key>", "an object's key; or how keys begin, for all of them")
    .option("--source <name>", "only of this source");
  addLedgerOptions(command)
    .option("--json", "one JSON document a line on stdout")
    .action(async (key: string, flags: Flags) => {
      done(await where(key, flags, signal));
    });
}

async function where(key: string, flags: Flags, signal: AbortSignal): Promise<ExitCode> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
  const of = flags.source === undefined ? {} : { source: flags.source };
  const tell = flags.json === true ? (one: Location) => `${JSON.stringify(one)}\n` : line;
  let found = 0;
  for (const query of key === "" ? [{ prefix: key }] : [{ key }, { prefix: key }]) {
    for await (const one of door.ledger.where({ ...query, ...of })) {
      found++;
      await writeText(tell(one));
    }
    if (found > 0) return exitCode.complete;
  }
  if (flags.json !== true)
    process.stderr.write(`brigade: nothing is stored as or below "${printable(key)}"\n`);
  return exitCode.incomplete;
}

function line(one: Location): string {
  const { key, standing, source, host, label, volume, path, size, md5, storedAt } = one;
  const what = standing === "current" ? "" : `  (${standing})`;
  const disk = label === undefined ? volume : `${label} (${volume})`;
  const when = new Date(storedAt * 1000).toISOString().slice(0, 19).replace("T", " ");
  return (
    `${printable(key)}${what}\n` +
    `    ${printable(`${host}  ${disk}  ${source}/${path}`)}\n` +
    `    ${formatBytes(size)} (${size} bytes)  ${md5 === undefined ? "no MD5 known" : `MD5 ${md5}`}  stored ${when} UTC\n`
  );
}
