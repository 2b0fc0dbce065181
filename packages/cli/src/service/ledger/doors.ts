import { networkInterfaces } from "node:os";
import { ConfigError } from "@brigade/core";
import type { LedgerAppOptions } from "@brigade/ledger/http";
import type { z } from "zod";
import type { ledgerVariables } from "../../settings/settings.ts";

type LedgerSettings = Pick<
  z.infer<typeof ledgerVariables>,
  "LEDGER_TOKEN" | "LEDGER_SERVICE_TOKEN" | "LEDGER_HOSTS"
>;

/**
 * Returns which tokens may ask the ledger, and by which names it answers. `host`: the address that
 * it is bound to. Throws ConfigError if clients from elsewhere could open and close jobs.
 */
export function ledgerDoors(
  { LEDGER_TOKEN: token, LEDGER_SERVICE_TOKEN: serviceToken, LEDGER_HOSTS: names = [] }: LedgerSettings,
  host: string,
): Pick<LedgerAppOptions, "token" | "serviceToken" | "hosts"> {
  const problems: string[] = [];
  if (token === undefined && !isLoopback(host))
    problems.push(
      `LEDGER_TOKEN is not set, and HTTP_HOST=${host} is not only this machine's: all who reach the ledger could open and close jobs. Set LEDGER_TOKEN, such as \`openssl rand -hex 24\` gives, or HTTP_HOST=127.0.0.1`,
    );
  if (token === undefined && serviceToken !== undefined)
    problems.push("LEDGER_SERVICE_TOKEN is set without LEDGER_TOKEN: set both, or neither");
  if (token !== undefined && token === serviceToken)
    problems.push("LEDGER_SERVICE_TOKEN is the same as LEDGER_TOKEN: a lister could then close jobs");
  if (problems.length > 0) throw new ConfigError(problems);
  return { token, serviceToken, hosts: [...addressesOf(host), ...names] };
}

/**
 * Returns the addresses of the ledger: the one it is bound to, or for "any" all of this machine.
 */
function addressesOf(host: string): string[] {
  if (!["0.0.0.0", "::", ""].includes(host)) return [host.toLowerCase()];
  return Object.values(networkInterfaces()).flatMap((all = []) =>
    all.map(({ address }) => address.toLowerCase()),
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
