import { hostname, userInfo } from "node:os";
import { ConfigError, type Environment, type Order, type Standing } from "@brigade/core";
import { LedgerClient } from "@brigade/ledger/http";
import { readVariables } from "../settings/environment.ts";
import { ledgerClientVariables } from "../settings/settings.ts";
import { disobedient, heldAt } from "./obedience.ts";
import { askCopies } from "./running-copies.ts";
import { socketFolder } from "./socket-folder.ts";

/** What obeys orders: the fleet of a ledger, or what runs as `copy` here. */
export interface ControlDoor {
  /** For people: "the fleet of http://…", "the copy of photos on this machine". */
  readonly name: string;
  /** Resolves with what holds then. */
  order(order: Order): Promise<Standing>;
  /** Resolves with what holds now. */
  standing(): Promise<Standing>;
  /** Messages of work that services of the host hold, or have not told yet that they obey. */
  holding(host: string, revision: number): Promise<number | undefined>;
  /** Names services that do not obey, with why, for people. */
  disobedient(): Promise<readonly string[]>;
}

/** What the caller says that he is. */
export function caller(): string {
  return `${userName()}@${hostname()}`;
}

/** A user of a container may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}

/**
 * Opens the ledger at LEDGER_URL if that is set, else the running copies; those of one source, or
 * all. Throws ConfigError if there is neither.
 */
export async function openControl(
  environment: Environment,
  source: string | undefined,
  signal: AbortSignal,
): Promise<ControlDoor> {
  if (environment.LEDGER_URL?.trim()) return fleetDoor(environment, signal);
  const folder = socketFolder(environment);
  const found = await askCopies(folder, source, undefined);
  const [first] = found;
  if (first === undefined) throw nothingRuns(source, folder);
  const names = found.map((one) => one.source).join(", ");
  return {
    name: `the copy of ${names} on this machine`,
    order: async (order) => {
      const [answer = first] = await askCopies(folder, source, order);
      return answer.standing;
    },
    standing: async () => {
      const [answer = first] = await askCopies(folder, source, undefined);
      return answer.standing;
    },
    holding: async () => {
      const answers = await askCopies(folder, source, undefined);
      return answers.reduce((sum, { holding }) => sum + holding, 0);
    },
    disobedient: async () => [],
  };
}

function fleetDoor(environment: Environment, signal: AbortSignal): ControlDoor {
  const { LEDGER_URL: url, LEDGER_TOKEN: token } = readVariables(ledgerClientVariables, environment);
  const ledger = new LedgerClient({ url, token, signal });
  return {
    name: `the fleet of the ledger at ${url}`,
    order: (order) => ledger.order(order),
    standing: () => ledger.standing(),
    holding: async (host, revision) => heldAt(await ledger.status(), host, revision),
    disobedient: async () => disobedient((await ledger.status()).services),
  };
}

function nothingRuns(source: string | undefined, folder: string): ConfigError {
  const what = source === undefined ? "no `brigade copy`" : `no \`brigade copy\` of "${source}"`;
  return new ConfigError([
    `LEDGER_URL is not set, and ${what} of this user runs on this machine (looked in ${folder}): set LEDGER_URL for a fleet, or give the order as the user who runs the copy, with the same XDG_RUNTIME_DIR`,
  ]);
}
