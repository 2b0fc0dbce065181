import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chown, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bucket, objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { buildImage, createHost, gateway, type Host } from "./host.ts";

/** Neither the default user nor root: files belong to the user that the operator names. */
export const user = 1234;

export const passwords = {
  BROKER_ADMIN_PASSWORD: crypto.randomUUID(),
  BROKER_LISTER_PASSWORD: crypto.randomUUID(),
  BROKER_DOWNLOADER_PASSWORD: crypto.randomUUID(),
  BROKER_LEDGER_PASSWORD: crypto.randomUUID(),
  BROKER_MONITOR_PASSWORD: crypto.randomUUID(),
} as const;

/** Objects that a downloader may have in hand. As many may be fetched again after a kill. */
export const inHand = 2 * 16;

export const tree = syntheticTree({ directories: 40, filesPerDirectory: 60, minSize: 500, maxSize: 3_000 });
export const keys: readonly string[] = [...objectsOf(tree)].map(({ key }) => key);

/** Buckets on this machine and hosts with their folders on it. All are removed together. */
export class Site implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  /** The name of this machine for containers. */
  readonly address: string;
  /** Source and bucket have the same name. */
  readonly buckets: readonly [Bucket, Bucket];
  readonly #image: string;

  private constructor(address: string, image: string, buckets: readonly [Bucket, Bucket]) {
    this.address = address;
    this.#image = image;
    this.buckets = buckets;
    for (const bucket of buckets) this.#resources.use(bucket);
  }

  static async create(): Promise<Site> {
    const address = await gateway();
    // Slow, so that a test can act meanwhile: a downloader fetches at most 80 objects per second.
    const bucket = (name: string) => startBucket({ tree, name, host: address, latencyMs: 50 });
    return new Site(address, await buildImage(), [await bucket("photos"), await bucket("docs")]);
  }

  /** A host with these variables in its `.env`, and folders `disk1`, `disk2` as its volumes. */
  async host(variables: Readonly<Record<string, string>>): Promise<Host> {
    const [photos, docs] = this.buckets;
    const host = await createHost({
      BRIGADE_IMAGE: this.#image,
      BRIGADE_UID: String(user),
      BRIGADE_GID: String(user),
      // Any free ports.
      AMQP_PORT: "0",
      MANAGEMENT_PORT: "0",
      LEDGER_PORT: "0",
      LEDGER_TOKEN: passwords.BROKER_ADMIN_PASSWORD,
      SOURCES: "photos=upyun://photos docs=upyun://docs",
      UPYUN_OPERATOR: "operator",
      UPYUN_PASSWORD: "password",
      PHOTOS_UPYUN_ENDPOINT: photos.restUrl,
      DOCS_UPYUN_ENDPOINT: docs.restUrl,
      FETCH_CONCURRENCY: "4",
      BATCH_FILES: "16",
      PREFETCH_BATCHES: "2",
      VOLUME_1: "./disk1",
      VOLUME_2: "./disk2",
      ...variables,
    });
    this.#resources.use(host);
    for (const disk of disksOf(host)) {
      await mkdir(disk);
      if (process.getuid?.() === 0) await chown(disk, user, user);
    }
    return host;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

export function disksOf({ folder }: Host): readonly [string, string] {
  return [join(folder, "disk1"), join(folder, "disk2")];
}

/** Puts zeros in the place of a stored object's bytes. */
export async function damage(host: Host, source: string, key: string): Promise<void> {
  const paths = disksOf(host).map((disk) => join(disk, source, key));
  const path = paths.find((one) => existsSync(one)) ?? assert.fail(`${key} lies nowhere`);
  await writeFile(path, Buffer.alloc((await stat(path)).size));
}

/** Makes a host's disks volumes, as an operator does at first. */
export async function makeVolumes(host: Host): Promise<void> {
  await host.compose(
    "run",
    "--rm",
    "-T",
    "--no-deps",
    "brigade",
    "volume",
    "init",
    "/volumes/1",
    "/volumes/2",
  );
}

/** Brings all services of a host's profiles up and waits until they are healthy. */
export async function up(host: Host, ...flags: string[]): Promise<void> {
  await host.compose("up", "--detach", "--no-build", "--wait", ...flags);
}

/** A command of an operator on the head host. */
export async function brigade(host: Host, ...args: string[]): Promise<string> {
  return await host.compose("run", "--rm", "-T", "brigade", ...args);
}

/** Polls until something holds. Throws after a minute. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited for a minute: ${what}`);
    await sleep(50);
  }
}
