import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Bucket, explicitTree, startBucket } from "../bucket/index.ts";
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

const password = "password";

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
  const bucket = await startBucket({ tree: explicitTree(), password });
  try {
    const { port } = server.address() as AddressInfo;
    const program = join(checkout, "packages/cli/bin/brigade.js");
    const runs = new Map<string, { readonly walls: number[]; cpu: number }>();
    for (let round = 0; round <= rounds; round++) {
      const commands = commandsOf(program, `http://127.0.0.1:${port}/file`, emptyCopy(bucket, round));
      for (const [name, command] of Object.entries(commands)) {
        const { seconds, cpuSeconds } = await runMeasured(command, { cwd: home, timeoutMs, signal });
        if (round === 0) continue;
        const run = runs.get(name) ?? { walls: [], cpu: 0 };
        runs.set(name, run);
        run.walls.push(seconds * 1000);
        run.cpu += cpuSeconds * 1000;
      }
    }
    return [...runs].map(([command, { walls, cpu }]) => ({
      command,
      wall: spread(walls).median,
      cpu: cpu / rounds,
    }));
  } finally {
    server.close();
    await bucket.close();
  }
}

/** All that a copy does, but for its files: each round has a new volume. */
function emptyCopy({ restUrl, operator }: Bucket, round: number): Omit<Command, "program"> {
  const env = { UPYUN_ENDPOINT: restUrl, UPYUN_OPERATOR: operator, UPYUN_PASSWORD: password };
  return { args: ["copy", "upyun://demo/", `volume-${round}`], env };
}

function commandsOf(
  program: string,
  url: string,
  copy: Omit<Command, "program">,
): Readonly<Record<string, Command>> {
  const get = ["get", "--quiet", "--overwrite", "--output", "file", url];
  return {
    "node -e 0": { program: process.execPath, args: ["-e", "0"] },
    "brigade --help": { program, args: ["--help"] },
    "brigade copy --help": { program, args: ["copy", "--help"] },
    "brigade get": { program, args: get },
    "brigade copy, empty": { program, ...copy },
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
