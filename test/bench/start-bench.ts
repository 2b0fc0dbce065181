import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Command, runMeasured } from "./measured-run.ts";
import type { Options } from "./options.ts";
import { spread } from "./statistics.ts";
import { table } from "./table.ts";

export interface StartResult {
  readonly command: string;
  /** Median, milliseconds. */
  readonly wall: number;
  /** Mean, milliseconds: the kernel counts in steps of ten. */
  readonly cpu: number;
}

interface Place {
  readonly home: string;
  readonly checkout: string;
  readonly signal: AbortSignal;
}

/** Bytes. */
const smallFile = 20_000;

/**
 * Starts each command once in each round, one after the other. The first round fills caches and is
 * not counted.
 */
export async function benchStart(
  { rounds, timeoutMs }: Options,
  { home, checkout, signal }: Place,
): Promise<StartResult[]> {
  const server = createServer((_request, response) => response.end(Buffer.alloc(smallFile)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const commands = Object.entries(commandsOf(checkout, `http://127.0.0.1:${port}/file`));
    const runs = new Map(commands.map(([name]) => [name, { walls: [] as number[], cpu: 0 }]));
    for (let round = 0; round <= rounds; round++)
      for (const [name, command] of commands) {
        const { seconds, cpuSeconds } = await runMeasured(command, { cwd: home, timeoutMs, signal });
        const run = runs.get(name);
        if (round === 0 || run === undefined) continue;
        run.walls.push(seconds * 1000);
        run.cpu += cpuSeconds * 1000;
      }
    return [...runs].map(([command, { walls, cpu }]) => ({
      command,
      wall: spread(walls).median,
      cpu: cpu / rounds,
    }));
  } finally {
    server.close();
  }
}

function commandsOf(checkout: string, url: string): Readonly<Record<string, Command>> {
  const program = join(checkout, "packages/cli/bin/brigade.js");
  const get = ["get", "--quiet", "--overwrite", "--output", "file", url];
  return {
    "node -e 0": { program: process.execPath, args: ["-e", "0"] },
    "brigade --help": { program, args: ["--help"] },
    "brigade copy --help": { program, args: ["copy", "--help"] },
    "brigade get": { program, args: get },
  };
}

export function startTable(results: readonly StartResult[]): string {
  const [node] = results;
  const times = (ms: number, of = Number.NaN) => `${(ms / of).toFixed(1)}`;
  return table([
    ["command", "wall ms", "x node", "CPU ms", "x node"],
    ...results.map(({ command, wall, cpu }) => [
      command,
      wall.toFixed(0),
      times(wall, node?.wall),
      cpu.toFixed(0),
      times(cpu, node?.cpu),
    ]),
  ]);
}
