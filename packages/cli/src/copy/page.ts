import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { EmbeddedBroker } from "@brigade/broker";
import type { Fetching, Log } from "@brigade/core";
import type { Catalogue, FailureFilter, JobRecord } from "@brigade/ledger";
import { createStatus, ledgerApp } from "@brigade/ledger/http";
import { removeOwnFile, replacePrivateFile } from "@brigade/volumes";
import type { ControlDesk } from "../control/control-desk.ts";
import { depthsOf } from "../job/queue-depths.ts";
import { retryCopy } from "../ledger/retry-copy.ts";
import { listen } from "../service/listening/listen.ts";
import { Announcing } from "../service/presence/announcing.ts";
import { type PlacedVolumes, VolumeRooms } from "../service/presence/volume-rooms.ts";
import { isWatched } from "../terminal/terminal.ts";
import type { CopyConfiguration } from "./configuration.ts";

/** A page that shows the run. */
export interface PageRequest {
  /** A port on this machine's loopback; 0: any that is free. */
  readonly port: number;
  /** Logs the page's address. LOG_LEVEL does not hide it: the user asked for the page. */
  readonly tell: Log;
}

export interface PageParts {
  readonly configuration: CopyConfiguration;
  readonly catalogue: Catalogue;
  readonly broker: EmbeddedBroker;
  readonly host: string;
  readonly placement: PlacedVolumes;
  readonly pauses: () => readonly string[];
  readonly fetching: () => Fetching | undefined;
  readonly listing: () => Fetching | undefined;
  readonly page: PageRequest;
  /** Where orders are given. */
  readonly desk: ControlDesk;
  /** The folder of the accounts. */
  readonly state: string;
  readonly log: Log;
}

export interface Page extends AsyncDisposable {
  /** The catalogue with which records are to be entered: the page shows them at once. */
  readonly catalogue: Catalogue;
}

/**
 * Shows a copy as the ledger service shows a fleet, with page and API, until it is disposed. Its
 * address has a token. Throws ConfigError if the port is taken.
 */
export async function showPage(parts: PageParts): Promise<Page> {
  const { catalogue, broker, host, desk, log } = parts;
  const { name, settings } = parts.configuration;
  const token = randomBytes(24).toString("base64url");
  await using opening = new AsyncDisposableStack();
  const depths = (source: string) => depthsOf(broker, source);
  const status = opening.use(
    await createStatus({ catalogue, sources: [name], depths, standing: () => desk.standing, log }),
  );
  const retry = (job: JobRecord, filter: FailureFilter) =>
    retryCopy(catalogue, broker, settings, job, filter);
  const app = ledgerApp(status.catalogue, { token, sources: [name], status, retry, desk, log });
  const { url } = opening.use(await listen(app, { host: "127.0.0.1", port: parts.page.port }));
  opening.defer(tellAddress(`${url}/#token=${token}`, url, parts));
  const rooms = new VolumeRooms(log);
  rooms.follow(parts.placement, parts.configuration.volumeSettings.MIN_FREE);
  const announcing = new Announcing({
    who: { service: "copy", host, instance: `copy@${host}#${process.pid}` },
    sources: () => {
      const fetching = parts.fetching();
      const listing = parts.listing();
      return [
        {
          name,
          pauses: [...parts.pauses()],
          ...(fetching && { fetching }),
          ...(listing && { listing }),
        },
      ];
    },
    rooms,
    // Its last presence would say that its disks are gone.
    announce: (presence) => presence.leaving || status.notePresence(presence),
  });
  opening.defer(() => announcing.leave());
  const resources = opening.move();
  return { catalogue: status.catalogue, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/**
 * Tells the address with its token if stderr is a terminal. A log is kept, and others read it: then
 * the address is written to a file of the state folder, for this user only. Returns a function that
 * removes the file.
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
