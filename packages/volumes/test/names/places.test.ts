import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, NameError } from "@brigade/core";
import { openNew } from "../open-volume.ts";
import { bytesOf, newObject, scratchFolder } from "../scratch.ts";

test("stores a file and a folder of one name, whichever comes first, and finds both again", async (t) => {
  const { root, volume } = await openNew(t);
  const put = (key: string) => volume.put(newObject(key), bytesOf(key));
  assert.equal((await put("a")).path, undefined);
  assert.equal((await put("a/b")).path, "a%~d/b");
  assert.equal((await put("c/d")).path, undefined);
  assert.equal((await put("c")).path, "c%~f");
  const long = "n".repeat(254);
  assert.equal((await put(long)).path, undefined);
  const below = (await put(`${long}/b`)).path;
  assert.equal(below, `${"n".repeat(241)}%~+/${"n".repeat(13)}%~d/b`);
  for (const [key, path] of [
    ["a/b", "a%~d/b"],
    ["c", "c%~f"],
    [`${long}/b`, below],
  ] as const) {
    assert.equal(readFileSync(join(root, "photos", path ?? ""), "utf8"), key);
    assert.equal((await put(key)).path, path, "the same place again");
    assert.equal((await volume.adopt([newObject(key)]))[0]?.path, path);
  }
});

test("maps keys that are too long for one name, and refuses those too long for the system", async (t) => {
  const { volume } = await openNew(t);
  const key = `${"é".repeat(200)}/${"n".repeat(700)}`;
  const stored = await volume.put(newObject(key), bytesOf("x"));
  assert.deepEqual(await volume.present("photos", [{ path: stored.path ?? key, size: 1 }]), [true]);
  const endless = Array.from({ length: 30 }, () => "n".repeat(200)).join("/");
  await assert.rejects(volume.put(newObject(endless), bytesOf("x")), NameError);
  await assert.rejects(volume.put(newObject("n".repeat(5000)), bytesOf("x")), NameError);
  for (const refused of ["../out", "a//b", "nul\0"]) {
    await assert.rejects(volume.put(newObject(refused), bytesOf("x")), NameError);
  }
});

test("follows no link out of the volume", async (t) => {
  const outside = scratchFolder(t);
  const { root, volume } = await openNew(t);
  writeFileSync(join(outside, "target"), "untouched");
  mkdirSync(join(root, "photos"));
  symlinkSync(outside, join(root, "photos/link"));
  symlinkSync(join(outside, "target"), join(root, "photos/file"));
  assert.equal((await volume.put(newObject("link/x"), bytesOf("12345"))).path, "link%~d/x");
  assert.equal((await volume.put(newObject("file"), bytesOf("12345"))).path, undefined);
  assert.deepEqual(readdirSync(outside), ["target"]);
  assert.equal(readFileSync(join(outside, "target"), "utf8"), "untouched");
  symlinkSync(outside, join(root, "other"));
  await assert.rejects(volume.put(newObject("x", { source: "other" }), bytesOf("x")), ConfigError);
});

test("goes on when somebody removes folders that it has in memory", async (t) => {
  const { root, volume } = await openNew(t);
  await volume.put(newObject("a/b/one"), bytesOf("1"));
  rmSync(join(root, "photos"), { recursive: true });
  await volume.put(newObject("a/b/two"), bytesOf("2"));
  assert.equal(readFileSync(join(root, "photos/a/b/two"), "utf8"), "2");
});
