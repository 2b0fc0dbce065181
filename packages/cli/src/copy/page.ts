import type { EmbeddedBroker } from "@brigade/broker";
import type { Log } from "@brigade/core";
import { type Catalogue, createStatus, type FailureFilter, type JobRecord, ledgerApp } from "@brigade/ledger";
import type { LocalVolume } from "@brigade/volumes";
import { depthsOf } from "../fleet/queue-depths.ts";
import { Announcing } from "../service/announcing.ts";
import { listen } from "../service/listen.ts";
import { VolumeRooms } from "../service/volume-rooms.ts";
import type { CopyConfiguration } from "./configuration.ts";
import { retryCopy } from "./retry.ts";

export interface PageParts {
  readonly configuration: CopyConfiguration;
  readonly catalogue: Catalogue;
  readonly broker: EmbeddedBroker;
  readonly host: string;
  readonly volumes: readonly LocalVolume[];
  readonly pauses: () => readonly string[];
  /** On this machine's loopback. */
  readonly port: number;
  readonly log: Log;
}

export interface Page extends AsyncDisposable {
  /** To be used by those who record: what they do is seen at once. */
  readonly catalogue: Catalogue;
}

/** Shows a copy as the ledger service shows a fleet, page and API, until it is disposed. Throws ConfigError: the port is taken. */
export async function showPage(parts: PageParts): Promise<Page> {
  const { catalogue, broker, host, log } = parts;
  const { name, settings, token } = parts.configuration;
  await using opening = new AsyncDisposableStack();
  const depths = (source: string) => depthsOf(broker, source);
  const status = opening.use(await createStatus({ catalogue, sources: [name], depths, log }));
  const retry = (job: JobRecord, filter: FailureFilter) =>
    retryCopy(catalogue, broker, settings, job, filter);
  const app = ledgerApp(status.catalogue, { token, sources: [name], loopback: true, status, retry, log });
  const { url } = opening.use(await listen(app, { host: "127.0.0.1", port: parts.port }));
  log.info({ url }, "shown on a page");
  const rooms = new VolumeRooms(log);
  rooms.add(parts.volumes);
  const announcing = new Announcing({
    who: { service: "copy", host, instance: `copy@${host}#${process.pid}` },
    sources: () => [{ name, pauses: [...parts.pauses()] }],
    rooms,
    // Its last word would mean that its disks go with it.
    announce: (presence) => presence.leaving || status.notePresence(presence),
  });
  opening.defer(() => announcing.leave());
  const resources = opening.move();
  return { catalogue: status.catalogue, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
