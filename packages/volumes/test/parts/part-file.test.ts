import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigError, HostError, NameError } from "@brigade/core";
import { openPartFile, type PartFile, type Remote } from "@brigade/volumes/get";
import { bytesOf, md5Of, scratchFolder } from "../scratch.ts";

const validator = { kind: "etag", value: '"one"' } as const;
const remote: Remote = { url: "http://example.com/a.zip", length: 10, validator };
const never = new AbortController().signal;

function openAt(
  t: TestContext,
  target: string,
  what: Partial<Remote> = {},
  overwrite = false,
): Promise<PartFile> {
  return openPartFile(target, { ...remote, ...what }, { overwrite }).then((part) => {
    t.after(() => part[Symbol.asyncDispose]());
    return part;
  });
}

/** A process that brought `text` from the first byte on, saved it, and died. */
async function leave(target: string, text: string): Promise<void> {
  await using part = await openPartFile(target, remote, { overwrite: false });
  await part.write(0, [bytesOf(text)]);
  await part.sync();
}

test("a file gets its name when it is complete, and leaves nothing beside it", async (t) => {
  const folder = scratchFolder(t);
  const target = join(folder, "a.zip");
  const part = await openAt(t, target);
  await Promise.all([part.write(5, [bytesOf("fgh"), bytesOf("ij")]), part.write(0, [bytesOf("abcde")])]);
  await part.sync();
  assert.deepEqual(part.finished, [{ from: 0, to: 10 }]);
  assert.ok(!existsSync(target));
  assert.equal(await part.digest("md5", 10, never), md5Of("abcdefghij"));
  await part.complete(10);
  await part[Symbol.asyncDispose]();
  assert.equal(readFileSync(target, "utf8"), "abcdefghij");
  assert.deepEqual(readdirSync(folder), ["a.zip"]);
});

test("the next process goes on with what was saved, and with nothing else", async (t) => {
  const target = join(scratchFolder(t), "a.zip");
  {
    await using part = await openPartFile(target, remote, { overwrite: false });
    await part.write(2, [bytesOf("cd")]);
    await part.sync();
    await part.write(6, [bytesOf("gh")]);
  }
  const part = await openAt(t, target);
  assert.deepEqual(part.finished, [{ from: 2, to: 4 }]);
  assert.equal(part.startedOver, undefined);
  assert.equal(readFileSync(part.path, "utf8").slice(2, 4), "cd");
});

test("what is written while it is being saved does not count as saved", async (t) => {
  const target = join(scratchFolder(t), "a.zip");
  const part = await openAt(t, target);
  await part.write(0, [bytesOf("ab")]);
  const saving = part.sync();
  await part.write(2, [bytesOf("cd")]);
  await saving;
  assert.deepEqual(part.finished, [{ from: 0, to: 2 }]);
});

for (const [change, what] of [
  ["another ETag", { validator: { kind: "etag", value: '"two"' } }],
  ["another kind of validator", { validator: { kind: "last-modified", value: '"one"' } }],
  ["another length", { length: 11 }],
  ["no validator", { validator: undefined }],
] as const) {
  test(`with ${change} nothing of what is there is kept, and it is said why`, async (t) => {
    const target = join(scratchFolder(t), "a.zip");
    await leave(target, "abcde");
    const part = await openAt(t, target, what);
    assert.deepEqual(part.finished, []);
    assert.match(part.startedOver ?? "", /changed|neither/);
    assert.deepEqual(readFileSync(part.path), Buffer.alloc(what.length ?? 10));
    assert.ok(!existsSync(`${part.path}.json`));
  });
}

test("notes without their file, or of another length, are not used", async (t) => {
  const target = join(scratchFolder(t), "a.zip");
  await leave(target, "abcde");
  rmSync(`${target}.part`);
  {
    await using part = await openPartFile(target, remote, { overwrite: false });
    assert.deepEqual(part.finished, []);
  }
  rmSync(`${target}.part`);
  await leave(target, "abcde");
  writeFileSync(`${target}.part`, "abcde");
  const part = await openAt(t, target);
  assert.deepEqual(part.finished, []);
  assert.match(part.startedOver ?? "", /length/);
});

test("damaged notes are not used", async (t) => {
  const target = join(scratchFolder(t), "a.zip");
  await leave(target, "abcde");
  const notes = JSON.parse(readFileSync(`${target}.part.json`, "utf8"));
  for (const text of [
    "",
    "{",
    JSON.stringify({ ...notes, finished: [[0, 11]] }),
    JSON.stringify({ ...notes, finished: [[5, 3]] }),
    JSON.stringify({
      ...notes,
      finished: [
        [3, 5],
        [0, 1],
      ],
    }),
  ]) {
    writeFileSync(`${target}.part`, "abcdefghij");
    writeFileSync(`${target}.part.json`, text);
    await using part = await openPartFile(target, remote, { overwrite: false });
    assert.deepEqual(part.finished, [], text);
    assert.match(part.startedOver ?? "", /damaged/);
  }
});

test("what was disowned is not gone on with", async (t) => {
  const target = join(scratchFolder(t), "a.zip");
  {
    await using part = await openPartFile(target, remote, { overwrite: false });
    await part.write(0, [bytesOf("abcdefghij")]);
    await part.sync();
    await part.disown();
  }
  assert.equal(readFileSync(`${target}.part`, "utf8"), "abcdefghij");
  assert.deepEqual((await openAt(t, target)).finished, []);
});

test("a file that is there is not overwritten unasked, not even one that came meanwhile", async (t) => {
  const target = join(scratchFolder(t), "a.zip");
  const part = await openAt(t, target);
  await part.write(0, [bytesOf("abcdefghij")]);
  writeFileSync(target, "precious");
  await assert.rejects(part.complete(10), ConfigError);
  assert.equal(readFileSync(target, "utf8"), "precious");
  await part[Symbol.asyncDispose]();
  await assert.rejects(
    openAt(t, target),
    (error) => error instanceof ConfigError && /--overwrite/.test(error.message),
  );
  const asked = await openAt(t, target, {}, true);
  await asked.complete(10);
  assert.equal(statSync(target).size, 10);
});

test("two processes do not write to the same file", async (t) => {
  const target = join(scratchFolder(t), "a.zip");
  const first = await openAt(t, target);
  await assert.rejects(
    openAt(t, target),
    (error) => error instanceof ConfigError && /another process/.test(error.message),
  );
  await first[Symbol.asyncDispose]();
  await openAt(t, target);
});

test("a file that does not fit on the disk is refused before anything is fetched", async (t) => {
  const folder = scratchFolder(t);
  const length = 2 ** 52;
  await assert.rejects(
    openAt(t, join(folder, "a.zip"), { length }),
    (error) => error instanceof HostError && error.kind === "full" && /are free/.test(error.message),
  );
});

test("a file's room is reserved on the disk at once", async (t) => {
  const part = await openAt(t, join(scratchFolder(t), "a.zip"), { length: 1_000_000 });
  const { size, blocks } = statSync(part.path);
  assert.equal(size, 1_000_000);
  assert.ok(process.platform !== "linux" || blocks * 512 >= 1_000_000, `${blocks} blocks`);
});

test("a file of unknown length gets the length that came", async (t) => {
  const target = join(scratchFolder(t), "a.txt");
  const part = await openAt(t, target, { length: undefined, validator: undefined });
  await part.write(0, [bytesOf("a first try that broke")]);
  await part.write(0, [bytesOf("whole")]);
  await part.complete(5);
  assert.equal(readFileSync(target, "utf8"), "whole");
});

test("a link in the place of the file is not followed", async (t) => {
  const folder = scratchFolder(t);
  writeFileSync(join(folder, "elsewhere"), "precious");
  symlinkSync(join(folder, "elsewhere"), join(folder, "a.zip.part"));
  await assert.rejects(openAt(t, join(folder, "a.zip")), HostError);
  assert.equal(readFileSync(join(folder, "elsewhere"), "utf8"), "precious");
});

test("a name that is too long for the disk is refused as such", async (t) => {
  await assert.rejects(openAt(t, join(scratchFolder(t), "a".repeat(256))), NameError);
});

test("a file with a name of 255 bytes, the longest that disks accept, is stored and resumed like any other", async (t) => {
  for (const name of ["a".repeat(255), `${"文".repeat(84)}abc`]) {
    const folder = scratchFolder(t);
    const target = join(folder, name);
    {
      await using part = await openAt(t, target);
      await part.write(0, [Buffer.from("abc")]);
      await part.sync();
    }
    await using part = await openAt(t, target);
    assert.deepEqual(part.finished, [{ from: 0, to: 3 }]);
    await part.complete(3);
    assert.deepEqual(
      readdirSync(folder).filter((one) => !one.includes(".lock")),
      [name],
    );
  }
});
