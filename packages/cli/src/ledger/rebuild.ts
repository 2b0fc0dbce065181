import { hostname } from "node:os";
import { ConfigError } from "@brigade/core";
import type { StoredState } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";
import {
  type BadLine,
  FilesThere,
  type ManifestLine,
  readManifest,
  readVolumeInfo,
  type VolumeInfo,
} from "@brigade/volumes";
import { storedState } from "./stored-state.ts";

export interface Rebuilt {
  readonly root: string;
  readonly volume: string;
  readonly label: string;
  /** Manifest lines that were entered. An object that was stored several times has several. */
  readonly states: number;
  /**
   * Lines that were not entered: no file of their size is at their path. The object was stored
   * again, or is gone.
   */
  readonly absent: number;
  /** Lines that cannot be read. */
  readonly bad: number;
}

export interface RebuildOptions {
  /** The volume's host; by default the one that wrote on it last. */
  readonly host?: string;
  readonly onBad: (bad: BadLine) => void;
  readonly signal: AbortSignal;
}

/** States that are sent by one request. */
const batch = 2_000;

/**
 * Tells the ledger what a volume's manifest has, as far as the files are there. To repeat it
 * changes nothing. Throws ConfigError if the folder is no volume.
 */
export async function rebuildFrom(
  root: string,
  ledger: Pick<LedgerClient, "restore">,
  { host, onBad, signal }: RebuildOptions,
): Promise<Rebuilt> {
  const info = await readVolumeInfo(root);
  if (info === undefined) throw new ConfigError([`${root} is not a volume (or its disk is not mounted)`]);
  const fingerprints = new Map(info.sources.map(({ name, fingerprint }) => [name, fingerprint]));
  const volume = { id: info.id, label: info.label, host: host ?? info.host ?? hostname() };
  const lost = await lostOn(root);
  let bad = 0;
  let states = 0;
  let absent = 0;
  const files = new FilesThere(root);
  const pending = new Map<string, StoredState[]>();
  const send = async (source: string) => {
    const some = pending.get(source) ?? [];
    pending.delete(source);
    await ledger.restore({ source, fingerprint: fingerprints.get(source) ?? "" }, volume, some);
    states += some.length;
  };
  const lines = readManifest(root, (line) => {
    bad++;
    onBad(line);
  });
  for await (const line of lines) {
    signal.throwIfAborted();
    if ("lost" in line || line.storedAt <= (lost.get(nameOf(line)) ?? 0)) continue;
    if (!fingerprints.has(line.source)) throw unbound(root, line, info);
    if (!(await files.has(line.source, line.path ?? line.key, line.size))) {
      absent++;
      continue;
    }
    const some = pending.get(line.source) ?? [];
    pending.set(line.source, some);
    if (some.push(storedState(line)) === batch) await send(line.source);
  }
  for (const source of pending.keys()) await send(source);
  return { root, volume: info.id, label: info.label, states, absent, bad };
}

/**
 * Returns, by object, until when its manifest lines are void, in Unix milliseconds. Only few
 * objects are ever lost.
 */
async function lostOn(root: string): Promise<Map<string, number>> {
  const lost = new Map<string, number>();
  for await (const line of readManifest(root, () => {})) {
    if ("lost" in line) lost.set(nameOf(line), Math.max(line.at, lost.get(nameOf(line)) ?? 0));
  }
  return lost;
}

function nameOf({ source, key }: { readonly source: string; readonly key: string }): string {
  return `${source}/${key}`;
}

function unbound(root: string, { source }: ManifestLine, { sources }: VolumeInfo): ConfigError {
  const known = sources.map(({ name }) => name).join(", ") || "none";
  return new ConfigError([
    `${root}: its manifest has objects of "${source}", but .brigade/sources does not say which bucket that is (it has ${known})`,
  ]);
}
