import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { EmbeddedBroker } from "@brigade/broker";
import type { Log } from "@brigade/core";
import { type Catalogue, createStatus, type FailureFilter, type JobRecord, ledgerApp } from "@brigade/ledger";
import { type LocalVolume, removeOwnFile, replacePrivateFile } from "@brigade/volumes";
import { depthsOf } from "../fleet/queue-depths.ts";
import { listen } from "../service/listening/listen.ts";
import { Announcing } from "../service/presence/announcing.ts";
import { VolumeRooms } from "../service/presence/volume-rooms.ts";
import { isWatched } from "../terminal/terminal.ts";
import type { CopyConfiguration } from "./configuration.ts";
import { retryCopy } from "./retry.ts";

/** Shows how it goes. */
export interface PageRequest {
  /** On this machine's loopback; 0: any that is free. */
  readonly port: number;
  /** Where its address is told: it is what was asked for, so LOG_LEVEL does not hide it. */
  readonly tell: Log;
}

export interface PageParts {
  readonly configuration: CopyConfiguration;
  readonly catalogue: Catalogue;
  readonly broker: EmbeddedBroker;
  readonly host: string;
  readonly volumes: readonly LocalVolume[];
  readonly pauses: () => readonly string[];
  readonly page: PageRequest;
  /** The folder of the accounts. */
  readonly state: string;
  readonly log: Log;
}

export interface Page extends AsyncDisposable {
  /** To be used by those who record: what they do is seen at once. */
  readonly catalogue: Catalogue;
}

/**
 * Shows a copy as the ledger service shows a fleet, page and API, until it is disposed, to those who have the address with its token.
 * Throws ConfigError: the port is taken.
 */
export async function showPage(parts: PageParts): Promise<Page> {
  const { catalogue, broker, host, log } = parts;
  const { name, settings } = parts.configuration;
  const token = randomBytes(24).toString("base64url");
  await using opening = new AsyncDisposableStack();
  const depths = (source: string) => depthsOf(broker, source);
  const status = opening.use(await createStatus({ catalogue, sources: [name], depths, log }));
  const retry = (job: JobRecord, filter: FailureFilter) =>
    retryCopy(catalogue, broker, settings, job, filter);
  const app = ledgerApp(status.catalogue, { token, sources: [name], status, retry, log });
  const { url } = opening.use(await listen(app, { host: "127.0.0.1", port: parts.page.port }));
  opening.defer(tellAddress(`${url}/#token=${token}`, url, parts));
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

/**
 * Tells the address with its token to those who watch the terminal. A log is kept and read by others: there, it stands in a file of the state
 * folder, for this user only. Returns what takes the file away.
 */
function tellAddress(address: string, url: string, { state, page }: PageParts): () => void {
  if (isWatched()) {
    page.tell.info({ url: address }, "shown on a page");
    return () => {};
  }
  const file = join(state, "page-address");
  replacePrivateFile(file, `${address}\n`);
  page.tell.info({ url, file }, "shown on a page; its address with the token stands in the file");
  return () => removeOwnFile(file);
}
