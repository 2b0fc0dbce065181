import assert from "node:assert/strict";
import { copyFile, mkdir, open, truncate, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { FatalError, HostError } from "@brigade/core";
import { openDatabase } from "../../src/embedded/schema.ts";
import { abortError, ack, becomes } from "../conformance/bench.ts";
import { filesMessage } from "../sample-messages.ts";
import { type EmbeddedBench, embeddedTest } from "./bench.ts";

const files = { source: "photos", queue: "files" } as const;
const name = "n".repeat(8_000);

embeddedTest(
  "a full disk ends the broker: it is reported once, publishing rejects, deliveries are lost, and what was confirmed is there later",
  async (bench, context) => {
    const broker = await bench.broker({ maxBytes: 1 << 20 });
    const lost = Promise.withResolvers<void>();
    await broker.publish([filesMessage("photos", 0, name)]);
    await broker.consume(files, { prefetch: 1 }, async ({ signal }) => {
      signal.addEventListener("abort", () => lost.resolve());
      await lost.promise;
      return ack;
    });
    const published = await Promise.allSettled(
      Array.from({ length: 300 }, (_, number) => broker.publish([filesMessage("photos", number, name)])),
    );
    await lost.promise;
    const confirmed = published.filter(({ status }) => status === "fulfilled").length;
    assert.ok(confirmed < 300);
    for (const one of published) if (one.status === "rejected") assert.ok(abortError(one.reason));
    assert.equal(bench.errors.length, 1);
    const [error] = bench.errors;
    assert.ok(error instanceof HostError && error.kind === "full");
    assert.ok(error.message.includes(bench.path) && error.message.includes("free some space"), error.message);
    await assert.rejects(broker.depth(files), HostError);

    await broker[Symbol.asyncDispose]();
    const next = await bench.broker();
    await becomes(async () => (await next.depth(files)) === confirmed + 1, context);
  },
);

/** A closed database with 50 messages. */
async function filled(bench: EmbeddedBench): Promise<void> {
  const broker = await bench.broker();
  await broker.publish(Array.from({ length: 50 }, (_, number) => filesMessage("photos", number, name)));
  await broker[Symbol.asyncDispose]();
}

async function overwrite(path: string, from: number, bytes: number): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(Buffer.alloc(bytes, 0xa5), 0, bytes, from);
}

const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "cut in its middle": (path) => truncate(path, 200_000),
  "cut within a page": (path) => truncate(path, 100_001),
  "overwritten at its beginning": (path) => overwrite(path, 0, 100),
  "overwritten in its tables": (path) => overwrite(path, 8_192, 40_000),
  "overwritten near its end": (path) => overwrite(path, 400_000, 8_192),
  "a text": (path) => writeFile(path, "These are my notes, not a database. ".repeat(500)),
  "another program's database": async (path) => {
    const db = openDatabase({ path: `${path}.other`, maxBytes: undefined });
    db.exec("DROP TABLE ready; PRAGMA user_version = 99");
    db.close();
    await copyFile(`${path}.other`, path);
  },
};
for (const [how, damage] of Object.entries(damages)) {
  embeddedTest(`a file that is ${how} is refused by name with what to do`, async (bench) => {
    await filled(bench);
    await damage(bench.path);
    await assert.rejects(bench.broker(), (error) => {
      assert.ok(error instanceof FatalError, String(error));
      assert.ok(error.message.includes(bench.path), error.message);
      assert.match(error.message, /--restart|not a queue database of this version/);
      return true;
    });
  });
}

embeddedTest("a folder in the place of the file is refused in words", async (bench) => {
  await mkdir(bench.path, { recursive: true });
  await assert.rejects(bench.broker(), /cannot be opened: it must be a file/);
});

embeddedTest("an empty file becomes a database", async (bench) => {
  await mkdir(dirname(bench.path), { recursive: true });
  await writeFile(bench.path, "");
  assert.equal(await (await bench.broker()).depth(files), 0);
});

embeddedTest(
  "a message whose body is gone ends the broker instead of waiting for ever",
  async (bench, context) => {
    await filled(bench);
    const db = openDatabase({ path: bench.path, maxBytes: undefined });
    db.exec("DELETE FROM message WHERE id = 1");
    db.close();
    const broker = await bench.broker();
    await broker.consume(files, { prefetch: 5 }, async () => ack).catch(() => undefined);
    await becomes(async () => bench.errors.length > 0, context);
    assert.ok(bench.errors[0] instanceof FatalError);
    assert.match(bench.errors[0].message, /damaged/);
  },
);
