import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { silentLog } from "../../../test/logs.ts";
import { type Durability, type ManifestLine, openVolume, readManifest } from "../src/index.ts";
import { scratchFolder } from "./scratch.ts";

/** A new volume, opened as instance `here`, closed after the test at the latest. */
export async function openNew(test: TestContext, durability: Durability = "group") {
  let close = async () => {};
  test.after(() => close());
  const root = scratchFolder(test);
  const volume = await openVolume(root, { init: true, instance: "here", durability, log: silentLog });
  close = async () => {
    close = async () => {};
    await volume[Symbol.asyncDispose]();
  };
  return { root, volume, close: () => close() };
}

/** All lines of stored objects; fails on bad ones. */
export async function manifestOf(root: string): Promise<ManifestLine[]> {
  const lines = readManifest(root, (bad) => assert.fail(`a line cannot be read: ${JSON.stringify(bad)}`));
  return (await Array.fromAsync(lines)).flatMap((line) => ("lost" in line ? [] : [line]));
}
