import { join } from "node:path";
import { findPrograms, type Program } from "../../programs.ts";
import { type MeasuredRun, runMeasured } from "../measured-run.ts";
import type { Options } from "../options.ts";
import { type Bed, bedOf } from "./bed.ts";
import { type Contender, contenders, fleetContenders, isBrigade, type Site } from "./contenders.ts";
import { startDelayedLine } from "./delayed-line.ts";
import { startListingServer } from "./listing-server.ts";
import { startNginx } from "./nginx.ts";
import { writeTree } from "./tree.ts";

/** One run of one contender. */
export interface CopyRun extends Omit<MeasuredRun, "stdout"> {
  readonly round: number;
  readonly files: number;
  readonly bytes: number;
  /** Of the fleet's broker. */
  readonly brokerCpuSeconds?: number;
}

export interface ContenderRuns {
  readonly name: string;
  readonly safe: boolean;
  readonly runs: readonly CopyRun[];
  /** The reason of a run that failed. */
  readonly failures: readonly string[];
}

/** Writes only below `home`, a folder that the caller removes. */
export async function benchCopies(
  options: Options,
  {
    home,
    checkout,
    signal,
    say,
  }: { home: string; checkout: string; signal: AbortSignal; say: (line: string) => void },
): Promise<readonly ContenderRuns[]> {
  const chosen = choose(options);
  const tools = findPrograms(new Set<Program>(["nginx", ...chosen.flatMap(({ tool }) => tool ?? [])]), {
    install: options.install,
    say,
  });
  const nginxProgram = tools.get("nginx");
  if (nginxProgram === undefined) throw new Error("without nginx there is nothing to copy from");
  const ready = chosen.filter(({ tool }) => tool === undefined || tools.has(tool));

  say(`writing ${options.files} files of about ${options.size} bytes`);
  const tree = writeTree(join(home, "tree"), options);
  await using nginx = await startNginx(nginxProgram, {
    home: join(home, "nginx"),
    root: tree.root,
    tls: options.tls,
  });
  await using listing = await startListingServer(tree);
  await using line = options.delayMs > 0 ? await startDelayedLine(nginx.url, options.delayMs) : undefined;
  const site: Site = {
    tree,
    url: line?.url ?? nginx.url,
    authority: nginx.authority,
    listingUrl: listing.url,
    scratch: home,
    checkout,
  };
  for (const contender of ready) contender.setUp?.(site);
  using bed = bedOf(options.bed, { home, files: tree.keys.length, bytes: tree.bytes, say });

  const programOf = ({ tool }: Contender) => (tool === undefined ? "" : (tools.get(tool) ?? ""));
  const { rounds, timeoutMs } = options;
  return await inRounds(ready, { rounds, signal, say }, (contender) =>
    runOnce(contender, { site, bed, program: programOf(contender), timeoutMs, signal }),
  );
}

interface Rounds {
  readonly rounds: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Runs each contender once per round, in an order that differs from round to round. */
async function inRounds(
  ready: readonly Contender[],
  { rounds, signal, say }: Rounds,
  runOne: (contender: Contender) => Promise<Omit<CopyRun, "round">>,
): Promise<readonly ContenderRuns[]> {
  const results = ready.map(({ name, safe }) => ({
    name,
    safe,
    runs: [] as CopyRun[],
    failures: [] as string[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < ready.length; turn++) {
      const index = (round + turn) % ready.length;
      const contender = ready[index];
      const result = results[index];
      if (contender === undefined || result === undefined) continue;
      try {
        const run = await runOne(contender);
        result.runs.push({ round, ...run });
        say(`round ${round + 1} ${contender.name}: ${Math.round(run.files / run.seconds)} files/s`);
      } catch (error) {
        signal.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        result.failures.push(reason);
        say(`round ${round + 1} ${contender.name} failed: ${reason}`);
      }
    }
  }
  return results;
}

function choose({ only, rabbitmq, against, concurrency, threads }: Options): readonly Contender[] {
  const all = rabbitmq ? fleetContenders : contenders;
  const unknown = only?.filter((name) => all.every((contender) => contender.name !== name)) ?? [];
  if (unknown.length > 0) throw new Error(`--only: no contender is called ${unknown.join(", ")}`);
  const chosen = all.filter(({ name }) => only?.includes(name) ?? true);
  return chosen.flatMap((contender) => {
    if (!isBrigade(contender.name)) return [contender];
    const each = withEach(contender, "FETCH_CONCURRENCY", concurrency, "").flatMap((one) =>
      withEach(one, "FETCH_THREADS", threads, "-threads"),
    );
    return against === undefined ? each : [...each, fromCheckout(contender, against)];
  });
}

/** The same with each value of a setting; as it is where there are no values. */
function withEach(
  contender: Contender,
  variable: string,
  values: readonly string[] | undefined,
  ending: string,
): readonly Contender[] {
  return values?.map((value) => withSetting(contender, variable, value, ending)) ?? [contender];
}

function withSetting(contender: Contender, variable: string, value: string, ending: string): Contender {
  return {
    ...contender,
    name: `${contender.name}-${value}${ending}`,
    command: (site, target, program) => {
      const { env, ...command } = contender.command(site, target, program);
      return { ...command, env: { ...env, [variable]: value } };
    },
  };
}

/** The same with the code of another checkout. */
function fromCheckout(contender: Contender, checkout: string): Contender {
  return {
    ...contender,
    name: `${contender.name}-before`,
    command: (site, target, program) => contender.command({ ...site, checkout }, target, program),
  };
}

async function runOnce(
  contender: Contender,
  {
    site,
    bed,
    program,
    timeoutMs,
    signal,
  }: { site: Site; bed: Bed; program: string; timeoutMs: number; signal: AbortSignal },
): Promise<Omit<CopyRun, "round">> {
  const target = bed.make(contender.name);
  contender.prepare?.(site, target);
  const { stdout, ...run } = await runMeasured(contender.command(site, target, program), {
    cwd: site.scratch,
    timeoutMs,
    signal,
  });
  return { ...run, ...contender.account(site, target, { ...run, stdout }) };
}
