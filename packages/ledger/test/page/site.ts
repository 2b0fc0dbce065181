import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { silentLog } from "../../../../test/logs.ts";
import { createStatus, type LiveStatus, ledgerApp } from "../../src/http.ts";
import { type Catalogue, retryJob } from "../../src/index.ts";
import { object, page, pageId, result } from "../messages.ts";
import { newCatalogue } from "../set-up.ts";
import { disk, presence } from "../status/following.ts";

/** Names that are not meant to be markup. */
export const hostileDirectory = "<script>alert(1)<";
export const hostileKey = "<script>alert(1)</script>";
const hostileNames = ["script>", '<img src=x onerror="alert(2)">'];
export const hostilePause = "the source is <b>unwell</b>";

const perDirectory = 400;

/**
 * A ledger with a job at work, two hosts and their disks, and objects that fail; answers browsers.
 */
export class Site implements AsyncDisposable {
  readonly #resources: AsyncDisposableStack;
  readonly #status: LiveStatus;
  readonly #app: (request: Request) => Response | Promise<Response>;
  #server: Server | undefined;
  #port = 0;
  #directories = 0;
  #names: string[] = [];

  private constructor(
    resources: AsyncDisposableStack,
    catalogue: Catalogue,
    status: LiveStatus,
    token?: string,
  ) {
    this.#resources = resources;
    this.#status = status;
    const broker = { publish: async () => {} };
    this.#app = ledgerApp(catalogue, {
      token,
      status,
      log: silentLog,
      retry: ({ id }, filter) =>
        retryJob({ catalogue, broker, idle: false, batchFiles: 100, batchBytes: 1e9 }, id, filter),
    }).fetch;
  }

  static async open(token?: string): Promise<Site> {
    await using opening = new AsyncDisposableStack();
    const { catalogue } = opening.use(await newCatalogue());
    let files = 0;
    const depths = async () => ({
      directories: 3,
      files: files++,
      retry: 0,
      wait: 2,
      records: 0,
      dead: 1,
    });
    const status = opening.use(
      await createStatus({ catalogue, depths, log: silentLog, sources: ["docs", "photos"] }),
    );
    const site = new Site(opening.move(), status.catalogue, status, token);
    await site.answer();
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async answer(): Promise<void> {
    const server = serve({ fetch: this.#app, hostname: "127.0.0.1", port: this.#port }) as Server;
    await once(server, "listening");
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async fallSilent(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  /** One more directory is listed and stored, but for some objects that fail. */
  async work(): Promise<void> {
    const n = this.#directories++;
    const directory = n === 0 ? hostileDirectory : `2019/05/${String(n % 28).padStart(2, "0")}/camera ${n}`;
    this.#names.push(directory);
    const id = pageId(directory);
    const listed = Array.from({ length: perDirectory }, (_, i) => ({
      name: hostileNames[i] ?? `IMG_${String(i).padStart(5, "0")}.jpg`,
      size: 20_000 + i,
    }));
    const outcome = (i: number) => (i > 3 ? "stored" : "failed");
    const more = (i: number) =>
      i > 3 ? {} : { class: i < 2 ? "missing" : "damaged", reason: `404: no ${hostileKey}` };
    const objects = listed.map((entry, i) => object(i, entry, outcome(i), more(i)));
    const volume = n % 2 === 0 ? "vol-a" : "vol-b";
    await this.#status.catalogue.recording.record([
      page({ directory: "", id: `root ${n}`, page: n + 1, end: "more", directories: [directory] }),
      page({ directory, id, entries: listed }),
      result({ directory, id, objects, volume, at: Date.now() }),
    ]);
    this.#speak(n);
  }

  #speak(n: number): void {
    const pauses = n % 10 < 5 ? [hostilePause] : [];
    this.#status.notePresence(
      presence({
        service: "lister",
        instance: "lister@host-0#1",
        host: "host-0",
        sources: [{ name: "photos", pauses }],
      }),
    );
    const volumes = [
      disk({ free: 1.4e12 - n * 8e6, size: 4e12 }),
      disk({ id: "vol-b", label: "disk b", root: "/mnt/b", free: 9e10, size: 4e12 }),
    ];
    this.#status.notePresence(presence({ volumes }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fallSilent();
    await this.#resources.disposeAsync();
  }
}
