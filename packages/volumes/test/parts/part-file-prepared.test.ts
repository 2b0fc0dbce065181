import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, HostError } from "@brigade/core";
import { isPartName, openPartFile, type Remote } from "@brigade/volumes/get";
import { bytesOf, scratchFolder } from "../scratch.ts";

/*
 * A download goes to a folder that others may write to, or that somebody prepared: what lies beside
 * it may be a link, a pipe or huge.
 */

const remote: Remote = {
  url: "http://example.com/a.zip",
  length: 10,
  validator: { kind: "etag", value: '"one"' },
};

/** Brings it whole. */
async function bring(target: string, what: Partial<Remote> = {}): Promise<string | undefined> {
  await using part = await openPartFile(target, { ...remote, ...what }, { overwrite: false });
  await part.write(0, [bytesOf("abcdefghij")]);
  await part.sync();
  await part.complete(10);
  return part.startedOver;
}

/** Brings half of it. */
async function begin(target: string): Promise<void> {
  await using part = await openPartFile(target, remote, { overwrite: false });
  await part.write(0, [bytesOf("abcde")]);
  await part.sync();
}

for (const [ending, lies] of [
  [".part", "is refused"],
  [".part.lock", "is refused"],
  [".part.lock-journal", "is refused"],
  [".part.json", "is refused"],
  [".part.json.new", "is removed itself"],
] as const) {
  test(`a link in the place of <name>${ending} ${lies}`, async (t) => {
    const folder = scratchFolder(t);
    const target = join(folder, "a.zip");
    writeFileSync(join(folder, "elsewhere"), "precious");
    for (const leadsTo of ["elsewhere", "nothing"]) {
      symlinkSync(join(folder, leadsTo), target + ending);
      if (lies === "is refused") await assert.rejects(bring(target), HostError);
      else await bring(target);
      rmSync(target + ending, { force: true });
      rmSync(target, { force: true });
      assert.equal(readFileSync(join(folder, "elsewhere"), "utf8"), "precious");
      assert.ok(!existsSync(join(folder, "nothing")));
    }
  });
}

test("a pipe or a huge file beside a download does not hold it up", async (t) => {
  const folder = scratchFolder(t);
  const target = join(folder, "a.zip");
  for (const ending of [".part", ".part.lock", ".part.json"]) {
    execFileSync("mkfifo", [target + ending]);
    await assert.rejects(bring(target), /is a pipe, not a file of brigade's: remove it/);
    rmSync(target + ending);
  }
  rmSync(`${target}.part`, { force: true });
  writeFileSync(`${target}.part.json`, "");
  truncateSync(`${target}.part.json`, 5_000_000_000);
  await assert.rejects(bring(target), /has 5000000000 bytes.*: remove it/);
});

test("nothing but a file is overwritten", async (t) => {
  const target = join(scratchFolder(t), "a.zip");
  execFileSync("mkfifo", [target]);
  await assert.rejects(openPartFile(target, remote, { overwrite: true }), ConfigError);
  rmSync(target);
  mkdirSync(target);
  await assert.rejects(openPartFile(target, remote, { overwrite: true }), ConfigError);
});

test("the part of another URL's download is not continued, even if length and validator are the same", async (t) => {
  const folder = scratchFolder(t);
  await begin(join(folder, "a.zip"));
  assert.match(
    (await bring(join(folder, "a.zip"), { url: "http://example.com/other/a.zip" })) ?? "",
    /another URL/,
  );
  assert.deepEqual(readdirSync(folder), ["a.zip"]);
});

test("names of 238 to 255 bytes are stored, with all that lies beside them", async (t) => {
  for (let length = 236; length <= 255; length++) {
    const folder = scratchFolder(t);
    const name = `${"n".repeat(length - 4)}.zip`;
    await begin(join(folder, name));
    assert.equal(await bring(join(folder, name)), undefined, "gone on with");
    assert.deepEqual(readdirSync(folder), [name]);
  }
});

test("names that brigade gives to unfinished files are known", () => {
  for (const name of [
    "a.zip.part",
    "a.PART",
    "a.part.json",
    "a.part.json.new",
    "a.part.lock",
    "a.part.lock-journal",
  ])
    assert.ok(isPartName(name), name);
  for (const name of ["a.zip", "a.part.zip", "part", "a.json", "a.parts", "a.rar.part1"])
    assert.ok(!isPartName(name), name);
});
