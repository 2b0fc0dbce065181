import { brokerVariables } from "@brigade/broker";
import type { Environment } from "@brigade/core";
import { sourceNames, sourceVariables, variablePrefix } from "@brigade/sources";
import { volumeVariables } from "@brigade/volumes";
import { createLog } from "../logging/logging.ts";
import { readEnvironment } from "./environment.ts";
import {
  httpVariables,
  instanceVariables,
  ledgerClientVariables,
  ledgerVariables,
  settingsSchema,
} from "./settings.ts";

/** A variable that is not read, and the one that was probably meant. */
export interface UnknownVariable {
  readonly name: string;
  readonly nearest: string;
}

/**
 * Names that other programs use, too: variables that resemble them in the environment are theirs.
 */
const common: ReadonlySet<string> = new Set(
  `ALL_PROXY DURABILITY EXTRA_HEADERS HTTP_HOST HTTP_PORT HTTP_PROXY HTTPS_PROXY LOG_LEVEL NO_PROXY NODE_EXTRA_CA_CERTS REFERER
  SOURCES SSL_CERT_FILE STATE_DIR USER_AGENT VOLUMES all_proxy http_proxy https_proxy no_proxy`.split(/\s+/),
);
/** Those of them that are brigade's if they stand in its own file. */
const ours = ["DURABILITY", "EXTRA_HEADERS", "REFERER", "SOURCES", "STATE_DIR", "USER_AGENT", "VOLUMES"];

/** All variables that any part of the program reads. */
const knownVariables: ReadonlySet<string> = new Set([
  ...Object.keys(settingsSchema.shape),
  ...Object.keys(volumeVariables.shape),
  ...Object.keys(brokerVariables.shape),
  ...Object.keys(ledgerClientVariables.shape),
  ...Object.keys(ledgerVariables.shape),
  ...Object.keys(httpVariables("ledger").shape),
  ...Object.keys(instanceVariables.shape),
  ...sourceVariables,
  "SCHEDULE_TZ",
  "SOURCES",
]);
const distinctive = [...knownVariables].filter((name) => !common.has(name));

/**
 * Returns the variables that resemble known ones and are none. `file`: those of the settings file.
 */
export function unknownVariables(file: Environment, environment: Environment): UnknownVariable[] {
  const prefixes = prefixesOf({ ...file, ...environment });
  const names = Object.keys({ ...file, ...environment });
  return names.flatMap((name) => {
    if (knownVariables.has(name)) return [];
    const nearest =
      nearestOf(name, distinctive) ??
      (name in file ? nearestOf(name, ours, 1) : undefined) ??
      ofOneSource(name, prefixes);
    return nearest === undefined ? [] : [{ name, nearest }];
  });
}

/**
 * Returns `PHOTOS_` and so on, one for each configured source; none if SOURCES is wrong. Commands
 * that need SOURCES report what is wrong.
 */
function prefixesOf(environment: Environment): string[] {
  try {
    return sourceNames(environment).map((name) => `${variablePrefix(name)}_`);
  } catch {
    return [];
  }
}

/** Finds the form of a variable for one source, PHOTOS_UPYUN_OPERATOR, with a slip in it. */
function ofOneSource(name: string, prefixes: readonly string[]): string | undefined {
  const prefix =
    prefixes.find((one) => name.startsWith(one)) ?? /^(?:[A-Z0-9]+_)+?(?=UPYUN_)/.exec(name)?.[0];
  if (prefix === undefined) return undefined;
  const rest = name.slice(prefix.length);
  if (sourceVariables.includes(rest)) return undefined;
  const nearest = nearestOf(rest, sourceVariables);
  return nearest === undefined ? undefined : prefix + nearest;
}

/**
 * At most one slip in a short name, and two in a longer one. All that begins with UPYUN_ is meant
 * for brigade.
 */
function nearestOf(name: string, known: readonly string[], most?: number): string | undefined {
  const upper = name.toUpperCase();
  let nearest: string | undefined;
  let least = upper.startsWith("UPYUN_")
    ? Number.POSITIVE_INFINITY
    : (most ?? (name.length < 10 ? 1 : 2)) + 1;
  for (const one of known) {
    if (least < Number.POSITIVE_INFINITY && Math.abs(one.length - upper.length) >= least) continue;
    const distance = slips(upper, one);
    if (distance < least) [nearest, least] = [one, distance];
  }
  return nearest;
}

/** Returns how many letters are wrong, missing, too many, or have changed places. */
function slips(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let at = 1; at <= other.length; at++) {
      const isSame = one[row - 1] === other[at - 1];
      let least = Math.min(
        (last[at] ?? 0) + 1,
        (next[at - 1] ?? 0) + 1,
        (last[at - 1] ?? 0) + Number(!isSame),
      );
      const isSwap = row > 1 && at > 1 && one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1];
      if (isSwap) least = Math.min(least, (before[at - 2] ?? 0) + 1);
      next.push(least);
    }
    [before, last] = [last, next];
  }
  return last[other.length] ?? 0;
}

/** Logs one line for each. `file`: variables of the settings file. */
export function warnOfUnknownVariables(file: Environment): void {
  const unknown = unknownVariables(file, process.env);
  if (unknown.length === 0) return;
  const level = settingsSchema.shape.LOG_LEVEL.safeParse(readEnvironment({}, process.env).LOG_LEVEL);
  const log = createLog(level.data ?? "warn");
  for (const { name, nearest } of unknown)
    log.warn({}, `${name} is no variable of brigade: do you mean ${nearest}?`);
}
