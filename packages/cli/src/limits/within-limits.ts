import {
  bodyBounds,
  ConfigError,
  type Environment,
  listingBounds,
  type PlaceBounds,
  parsePlaces,
  placesText,
} from "@brigade/core";
import { connectionsWithin, leastOpenFiles, type Needs } from "./connections.ts";
import { type Limits, limitsOfThisProcess, mibOf, reasons } from "./limits.ts";
import { leastMemory } from "./memory-plan.ts";

const bounds = { FETCH_CONCURRENCY: bodyBounds, LIST_CONCURRENCY: listingBounds } as const satisfies Record<
  string,
  PlaceBounds
>;
/** As in the schemas of sources and of the lister. */
const usual = "auto";

/**
 * Returns the environment with no more connections than this process may have. `tell` gets one line
 * if these are fewer than were wanted. Throws ConfigError if the limits leave too little to work
 * with.
 */
export function withinLimits(
  environment: Environment,
  needs: Needs,
  tell: (line: string) => void,
  limits = limitsOfThisProcess(),
): Environment {
  refuseTooLow(limits, needs);
  const { memory, openFiles } = limits;
  const most = mostConnections(limits, needs);
  const lowered: Record<string, string> = {};
  let shortOfFiles = false;
  for (const [name, wanted] of wantedOf(environment)) {
    const kind = name.endsWith("LIST_CONCURRENCY") ? "LIST_CONCURRENCY" : "FETCH_CONCURRENCY";
    const { files, bodies } = most[kind];
    const places = parsePlaces(wanted, bounds[kind]);
    const allowed = Math.min(files, bodies);
    // What is no such number is refused where the variable is read.
    if (places === undefined || places.most <= allowed) continue;
    lowered[name] = placesText(places, allowed);
    shortOfFiles ||= places.most > files;
  }
  const changes = Object.entries(lowered).map(([name, value]) => `${name} is ${value}`);
  const told = reasons({ memory, openFiles: shortOfFiles ? openFiles : undefined });
  if (changes.length > 0) told.push(`so ${changes.join(", ")}`);
  if (told.length > 0) tell(told.join(", "));
  return Object.freeze({ ...environment, ...lowered });
}

/** The most connections by open files, and by memory for bodies. */
function mostConnections({ memory, openFiles }: Limits, needs: Needs) {
  const unlimited = { fetch: Number.POSITIVE_INFINITY, list: Number.POSITIVE_INFINITY };
  const files = openFiles === undefined ? unlimited : connectionsWithin(openFiles, needs);
  return {
    FETCH_CONCURRENCY: { files: files.fetch, bodies: memory.connections },
    LIST_CONCURRENCY: { files: files.list, bodies: Math.max(1, Math.floor(memory.connections / 4)) },
  } satisfies Record<keyof typeof bounds, unknown>;
}

/** Also variables for one source, such as PHOTOS_FETCH_CONCURRENCY. */
function wantedOf(environment: Environment): [string, string][] {
  const own = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && /(^|_)(FETCH|LIST)_CONCURRENCY$/.test(name),
  ) as [string, string][];
  const defaults = Object.keys(bounds)
    .filter((name) => environment[name] === undefined)
    .map((name): [string, string] => [name, usual]);
  return [...own, ...defaults];
}

function refuseTooLow({ memory, openFiles }: Limits, needs: Needs): void {
  const problems: string[] = [];
  if (memory.limit !== undefined && memory.limit < leastMemory)
    problems.push(`memory is limited to ${mibOf(memory.limit)}: at least ${mibOf(leastMemory)} are needed`);
  const files = leastOpenFiles(needs);
  if (openFiles !== undefined && openFiles < files)
    problems.push(
      `open files are limited to ${openFiles}: at least ${files} are needed (ulimit -n ${files})`,
    );
  if (problems.length > 0) throw new ConfigError(problems);
}
