import { ConfigError } from "@brigade/core";
import type { Location, VolumeContents } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";

/** Objects that are forgotten by one request. */
const batch = 2_000;

/**
 * Makes the ledger forget what lay on a volume that is gone, so that the next run fetches it again.
 * What also lies elsewhere stays known. Goes through all that is stored of the volume's sources.
 * Returns how many states were forgotten. To repeat it changes nothing.
 */
export async function forgetVolume(
  ledger: Pick<LedgerClient, "where" | "forget">,
  { volume, sources }: VolumeContents,
  signal: AbortSignal,
): Promise<number> {
  let forgotten = 0;
  let lying: Location[] = [];
  const forget = async () => {
    const some = lying;
    lying = [];
    for (const [fingerprint, ones] of Map.groupBy(some, (one) => one.fingerprint)) {
      const keys = ones.map(({ key }) => key);
      forgotten += await ledger.forget({ source: ones[0]?.source ?? "", fingerprint }, volume, keys);
    }
  };
  for (const { source } of sources) {
    for await (const one of ledger.where({ prefix: "", source })) {
      signal.throwIfAborted();
      if (one.volume === volume && lying.push(one) === batch) await forget();
    }
    await forget();
  }
  return forgotten;
}

/** Returns the volume with this id, or with this label if only one has it. Throws ConfigError. */
export function findVolume(volumes: readonly VolumeContents[], name: string): VolumeContents {
  const found = volumes.filter(({ volume, label }) => volume === name || label === name);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const why = only === undefined ? "no volume" : "several volumes";
  throw new ConfigError([`the ledger has ${why} "${name}": \`brigade volumes\` shows their ids`]);
}
