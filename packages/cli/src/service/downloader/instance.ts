import { Resolver } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import type { z } from "zod";
import { byDns, type instanceVariables } from "../../settings/settings.ts";

/** Returns the names of an address in DNS; empty if there are none. */
export type NamesOf = (address: string) => Promise<readonly string[]>;

/** Returns what distinguishes a downloader from others of its host; `undefined` if nothing does. */
export async function instanceOf(
  configured: z.infer<typeof instanceVariables>["BRIGADE_INSTANCE"],
  namesOf: NamesOf = pointers,
): Promise<string | undefined> {
  if (configured !== byDns) return configured;
  const names = await Promise.all(ownAddresses().map(namesOf));
  return names
    .flat()
    .map(replicaNumber)
    .find((number) => number !== undefined);
}

/**
 * Compose names the second container of a project `project-downloader-2`. One of `compose run` has
 * no number.
 */
function replicaNumber(name: string): string | undefined {
  return /^[^.]*[-_]downloader[-_](\d+)(?:\.|$)/.exec(name)?.[1];
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address),
  );
}

/** Asks DNS only: `reverse` would find the container's name in /etc/hosts. */
async function pointers(address: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 1_000, tries: 3 });
  const name = `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  return await resolver.resolvePtr(name).catch(() => []); // then the process names the service
}
