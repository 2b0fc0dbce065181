import { Resolver } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { z } from "zod";

/** The value of BRIGADE_INSTANCE in the compose file, whose replicas share one environment. */
const byDns = "@dns";

export const instanceVariables = z.object({
  BRIGADE_INSTANCE: z
    .string()
    .regex(/^(@dns|[\w.-]{1,64})$/, `must be letters, digits, _ - and . only, or ${byDns}`)
    .optional(),
});

/** Names of an address: what DNS says, where it says anything. */
export type NamesOf = (address: string) => Promise<readonly string[]>;

/** What tells a downloader from others of its host; undefined where nothing does. */
export async function instanceOf(
  told: z.infer<typeof instanceVariables>["BRIGADE_INSTANCE"],
  namesOf: NamesOf = pointers,
): Promise<string | undefined> {
  if (told !== byDns) return told;
  const names = await Promise.all(ownAddresses().map(namesOf));
  return names
    .flat()
    .map(replicaNumber)
    .find((number) => number !== undefined);
}

/** Compose calls the second container of a project `project-downloader-2`; one of `compose run` has no number. */
function replicaNumber(name: string): string | undefined {
  return /^[^.]*[-_]downloader[-_](\d+)(?:\.|$)/.exec(name)?.[1];
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address),
  );
}

/** Asks DNS alone: `reverse` would find the container's own name in /etc/hosts. */
async function pointers(address: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 1_000, tries: 3 });
  const name = `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  return await resolver.resolvePtr(name).catch(() => []); // named by its process, then
}
