import { parseArgs } from "node:util";
import fc from "fast-check";
import type { Family } from "./family.ts";
import { family as headers } from "./headers.fuzz.ts";
import { family as lists } from "./lists.fuzz.ts";
import { family as messages } from "./messages.fuzz.ts";
import { family as pages } from "./pages.fuzz.ts";
import { family as settings } from "./settings.fuzz.ts";
import { family as volumes } from "./volumes.fuzz.ts";

const families = [headers, lists, messages, pages, settings, volumes];

/** Runs of one property per turn. */
const runsOfTurn = 300;
/** Milliseconds of a turn, at most. */
const longestTurn = 2_000;
/**
 * Characters of a failure's report: an input may have 64 Ki. Seed and path, which make it again,
 * come first.
 */
const longestReport = 4_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string" },
    only: { type: "string", default: "" },
  },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed))
  throw new TypeError("npm run test:fuzz -- [--minutes 5] [--seed 7] [--only pages]");

console.log(`fuzz: ${minutes} min, --seed ${seed}`);
const chosen = families.filter(({ name }) => name.includes(values.only));
process.exitCode = await run(chosen, seed, performance.now() + minutes * 60_000);
for (const { end } of families) await end?.();

/**
 * Runs turn after turn, each with a seed of its own, until the time is over. Returns the exit code.
 */
async function run(families: readonly Family[], first: number, until: number): Promise<number> {
  const properties = families.flatMap(({ name, properties }) =>
    properties.map((one) => ({ ...one, title: `${name}: ${one.title}` })),
  );
  const failed = new Set<string>();
  const runs = new Map<string, number>();
  for (let turn = first; turn === first || performance.now() < until; turn++) {
    for (const { title, property } of properties) {
      if (failed.has(title) || (turn !== first && performance.now() >= until)) continue;
      const limits = {
        numRuns: runsOfTurn,
        interruptAfterTimeLimit: longestTurn,
        markInterruptAsFailure: false,
        includeErrorInReport: true,
      };
      const found = await fc.check(property, { ...limits, seed: turn });
      runs.set(title, (runs.get(title) ?? 0) + found.numRuns);
      if (!found.failed) continue;
      failed.add(title);
      console.log(`\nFAILED (--seed ${turn}) ${title}\n${found.errorInstance}`);
      console.log((await fc.asyncDefaultReportMessage(found)).slice(0, longestReport));
    }
  }
  for (const [title, count] of runs)
    console.log(`${failed.has(title) ? "FAILED" : "ok    "} ${title} (${count} runs)`);
  console.log(`fuzz: ${failed.size} of ${properties.length} properties failed, --seed ${first}`);
  return failed.size > 0 || properties.length === 0 ? 1 : 0;
}
