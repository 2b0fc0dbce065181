import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Message, Presence } from "@brigade/core";
import { connect } from "amqplib";
import { z } from "zod";
import { startNode } from "../../../../test/rabbitmq/index.ts";
import { benchTest } from "../conformance/bench.ts";
import { RabbitBench } from "./bench.ts";

const startScript = fileURLToPath(new URL("../../../../deploy/broker/start.sh", import.meta.url));
const password = "of no use elsewhere";
const hostPassword = "of-no-use-elsewhere";

const definitionsSchema = z.object({
  permissions: z.array(
    z.object({ user: z.string(), configure: z.string(), write: z.string(), read: z.string() }),
  ),
});

/**
 * Returns the users and their rights as the script writes them: the part of it that does so, run on
 * another file.
 */
async function definitions(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "brigade-rights-"));
  try {
    const file = join(folder, "definitions.json");
    const [writing = ""] = (await readFile(startScript, "utf8")).split("\nchown ");
    const users = ["ADMIN", "LISTER", "DOWNLOADER", "LEDGER", "MONITOR"];
    const passwords = Object.fromEntries(users.map((user) => [`BROKER_${user}_PASSWORD`, password]));
    await promisify(execFile)("sh", ["-c", writing.replace("/etc/rabbitmq/definitions.json", file)], {
      env: { ...process.env, ...passwords, BROKER_DOWNLOADERS: `attic=${hostPassword}` },
    });
    return await readFile(file, "utf8");
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const node = await startNode();
after(() => node[Symbol.asyncDispose]());
const written = await definitions();
export const given = definitionsSchema.parse(JSON.parse(written)).permissions;
// The quotes and escapes of JSON are those of Erlang, too.
await node.ctl("eval", `ok = rabbit_definitions:import_raw(<<${JSON.stringify(written)}>>).`);

export function urlOf(user: string): string {
  const url = new URL(node.url);
  url.username = `brigade-${user}`;
  url.password = encodeURIComponent(user.endsWith("attic") ? hostPassword : password);
  return url.href;
}

interface Forgery {
  readonly key?: string;
  readonly userId?: string;
  readonly headers?: object;
}

/**
 * Puts a message there as a user, with what he says of himself. Resolves with whether a queue has
 * it.
 */
export async function forge(
  user: string,
  exchange: string,
  message: Message,
  { key = "record", ...properties }: Forgery,
): Promise<boolean> {
  const connection = await connect(urlOf(user));
  connection.on("error", () => {});
  try {
    const channel = await connection.createConfirmChannel();
    const content = Buffer.from(JSON.stringify(message));
    let hasArrived = true;
    await new Promise<void>((resolve, reject) => {
      channel.on("error", reject);
      channel.on("return", () => {
        hasArrived = false;
      });
      const options = { ...properties, mandatory: true };
      channel.publish(exchange, key, content, options, (error) => (error ? reject(error) : resolve()));
    });
    return hasArrived;
  } finally {
    await connection.close().catch(() => undefined);
  }
}

export const nameIn =
  ({ source }: RabbitBench) =>
  (exchange: string) =>
    `brigade.${source}.x.${exchange}`;
export const isRefused = /403|ACCESS.REFUSED/;

export const rightsTest = (title: string, body: Parameters<typeof benchTest<RabbitBench>>[2]) =>
  benchTest(title, () => RabbitBench.create(node.url), body);

export const presence = (service: "lister" | "downloader"): Presence => ({
  v: 1,
  service,
  host: "h",
  instance: service,
  at: 1,
  everyMs: 5_000,
  sources: [],
  volumes: [],
});
