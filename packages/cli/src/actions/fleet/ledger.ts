import { openLedger } from "../../ledger/door.ts";
import { rebuildFrom } from "../../ledger/rebuild.ts";
import type { LedgerFlags } from "../../options/ledger-options.ts";
import { type ExitCode, exitCode } from "../../process/exit-code.ts";
import { readEnvironment } from "../../settings/environment.ts";
import { print, printJson, tell } from "../../terminal/terminal.ts";
import { formatBytes, formatCount } from "../../terminal/units.ts";
import { namedFolder } from "../../volumes/named-folder.ts";

export interface RebuildFlags extends LedgerFlags {
  readonly host?: string;
  readonly json?: true;
}

export interface BackupFlags extends LedgerFlags {
  readonly json?: true;
}

export async function backup(flags: BackupFlags, signal: AbortSignal): Promise<void> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
  const { path, bytes } = await door.ledger.backup();
  await (flags.json === true ? printJson({ path, bytes }) : print(`${path}: ${formatBytes(bytes)}`));
}

export async function rebuild(roots: string[], flags: RebuildFlags, signal: AbortSignal): Promise<ExitCode> {
  await using door = await openLedger(flags, readEnvironment({}, process.env), signal, { create: true });
  let bad = 0;
  for (const root of roots.map(namedFolder)) {
    const rebuilt = await rebuildFrom(root, door.ledger, {
      ...(flags.host !== undefined && { host: flags.host }),
      signal,
      onBad: ({ segment, line, reason }) =>
        tell(`${root}: line ${line} of ${segment} cannot be read: ${reason}`),
    });
    bad += rebuilt.bad;
    const absent =
      rebuilt.absent === 0
        ? ""
        : `, ${formatCount(rebuilt.absent)} left out: no such file lies there any more`;
    const told = `${root} "${rebuilt.label}": ${formatCount(rebuilt.states)} manifest lines entered${absent}`;
    await (flags.json === true ? printJson(rebuilt) : print(told));
  }
  return bad === 0 ? exitCode.complete : exitCode.incomplete;
}
