import { hostname } from "node:os";
import type { Command } from "commander";
import { openLedger } from "../../ledger/door.ts";
import { rebuildFrom } from "../../ledger/rebuild.ts";
import { addLedgerOptions, type LedgerFlags } from "../../options/ledger-options.ts";
import { type ExitCode, exitCode } from "../../process/exit-code.ts";
import { readEnvironment } from "../../settings/environment.ts";
import { print, printJson, tell } from "../../terminal/terminal.ts";
import { formatBytes, formatCount } from "../../terminal/units.ts";
import { namedFolder } from "../../volumes/named-folders.ts";

interface RebuildFlags extends LedgerFlags {
  readonly host?: string;
  readonly json?: true;
}

/** `brigade ledger rebuild | backup`, below the service's command. */
export function addLedgerCommands(
  ledger: Command,
  done: (code: ExitCode) => void,
  signal: AbortSignal,
): void {
  const rebuild = ledger
    .command("rebuild")
    .description(
      "enter what the volumes' manifests have into the accounts: a lost catalogue, or a disk from elsewhere",
    )
    .argument("<volume...>", "roots of volumes on this machine")
    .option("--host <name>", `their host; by default the host that wrote on each last, or ${hostname()}`);
  addLedgerOptions(rebuild)
    .option("--json", "one JSON document per volume, one per line, on stdout")
    .action(async (roots: string[], flags: RebuildFlags) => done(await runRebuild(roots, flags, signal)));
  const backup = ledger
    .command("backup")
    .description("copy the catalogue, while it is at work, to <catalogue>.backup beside it");
  addLedgerOptions(backup)
    .option("--json", "one JSON document on stdout")
    .action(async (flags: LedgerFlags & { readonly json?: true }) => {
      await using door = await openLedger(flags, readEnvironment({}, process.env), signal);
      const { path, bytes } = await door.ledger.backup();
      await (flags.json === true ? printJson({ path, bytes }) : print(`${path}: ${formatBytes(bytes)}`));
    });
}

async function runRebuild(roots: string[], flags: RebuildFlags, signal: AbortSignal): Promise<ExitCode> {
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
