import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runMeasured } from "../measured-run.ts";
import type { Options } from "../options.ts";
import { spread } from "../statistics.ts";
import { table } from "../table.ts";
import type { AccountsRun } from "./accounts-run.ts";
import { filesPerDirectory } from "./stand-ins.ts";

export interface AccountsRound extends AccountsRun {
  /** Bytes. */
  readonly peakRss: number;
}

/** Lists, queues and enters a made-up job once per round, each in a process of its own. */
export async function benchAccounts(
  { objects: wanted, rounds, timeoutMs }: Options,
  {
    home,
    checkout,
    signal,
    say,
  }: { home: string; checkout: string; signal: AbortSignal; say: (line: string) => void },
): Promise<readonly AccountsRound[]> {
  const objects = Math.max(1, Math.round(wanted / filesPerDirectory)) * filesPerDirectory;
  const results: AccountsRound[] = [];
  for (let round = 0; round < rounds; round++) {
    const folder = join(home, "accounts");
    mkdirSync(folder);
    const program = join(checkout, "test/bench/accounts/accounts-run.ts");
    // As `brigade copy` starts itself (packages/cli/bin/brigade.js).
    const args = ["--max-semi-space-size=8", program, folder, String(objects)];
    const place = { cwd: home, timeoutMs, signal };
    const { stdout, peakRss } = await runMeasured({ program: process.execPath, args }, place);
    rmSync(folder, { recursive: true });
    const told: AccountsRun = JSON.parse(stdout);
    if (told.objects !== objects)
      throw new Error(`${told.objects} objects are stored in place of ${objects}`);
    results.push({ ...told, peakRss });
    say(`round ${round + 1}: ${Math.round(objects / told.seconds)} files/s`);
  }
  return results;
}

/** The threads that do the work of queues and accounts; what V8 does beside is not among them. */
const working = new Set(["MainThread", "queues", "catalogue"]);

export function accountsTable(rounds: readonly AccountsRound[]): string {
  const median = (of: (round: AccountsRound) => number) => spread(rounds.map(of)).median;
  const micros = (include: (name: string) => boolean) =>
    median(({ objects, threads }) => {
      const seconds = threads.reduce(
        (sum, { name, cpuSeconds }) => (include(name) ? sum + cpuSeconds : sum),
        0,
      );
      return (seconds * 1e6) / objects;
    }).toFixed(1);
  const names = [...new Set(rounds.flatMap(({ threads }) => threads.map(({ name }) => name)))];
  const rows = names.map((name) => [`CPU µs/file: ${name}`, micros((one) => one === name)]);
  return table([
    ["files", String(rounds[0]?.objects ?? 0)],
    ["files/s", median(({ objects, seconds }) => objects / seconds).toFixed(0)],
    ["CPU µs/file: main thread and databases", micros((name) => working.has(name))],
    ...rows.filter(([, cell]) => cell !== "0.0"),
    ["peak RSS MB", (median(({ peakRss }) => peakRss) / 1e6).toFixed(0)],
  ]);
}
