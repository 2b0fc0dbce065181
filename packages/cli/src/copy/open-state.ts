import { hostname } from "node:os";
import { join } from "node:path";
import { createEmbeddedBroker, type EmbeddedBroker } from "@brigade/broker";
import { type Catalogue, openCatalogue } from "@brigade/ledger";
import { type LocalVolume, type TriedVolumes, withDatabaseFile } from "@brigade/volumes";
import { catalogueFile, queuesFile } from "../ledger/state-folder.ts";
import { memoryPlan } from "../limits/memory-plan.ts";
import type { CopyRequest } from "./request.ts";
import { openRoots } from "./volumes.ts";

/** What a run keeps its state in. */
export interface Opened {
  readonly volumes: readonly LocalVolume[];
  readonly broker: EmbeddedBroker;
  readonly catalogue: Catalogue;
}

/**
 * Opens volumes, queues and catalogue, and enters the volumes into the catalogue. `resources`
 * closes all of them.
 */
export async function openState(
  { configuration: { name, source }, volumes: request, log, signal }: CopyRequest,
  tried: TriedVolumes,
  resources: AsyncDisposableStack,
  giveUp: (error: unknown) => void,
): Promise<Opened> {
  const cacheBytes = memoryPlan().databaseCache;
  const queues = withDatabaseFile(join(request.state, queuesFile), (path) =>
    createEmbeddedBroker({ path, cacheBytes, log, onError: giveUp }),
  );
  const accounts = withDatabaseFile(join(request.state, catalogueFile), (path) =>
    openCatalogue({ path, cacheBytes, log }),
  );
  const [volumes, broker, catalogue] = await allSettled([
    openRoots(tried, { ...request, source: name }, resources, log),
    queues.then((one) => resources.use(one)),
    accounts.then((one) => resources.use(one)),
  ]);
  signal.addEventListener("abort", () => broker.absolve(), { once: true });
  for (const volume of volumes) await volume.bind(name, source.fingerprint);
  const host = hostname();
  await catalogue.recording.noteVolumes(
    volumes.map(({ id, label }) => ({ id, label, host, gone: null })),
    Date.now(),
  );
  return { volumes, broker, catalogue };
}

/**
 * Like Promise.all, but waits until all tasks have ended: what they opened meanwhile is in
 * `resources` before the first error is thrown.
 */
async function allSettled<T extends readonly unknown[] | []>(
  tasks: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(tasks);
  return await Promise.all(tasks);
}
