import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getuid } from "node:process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { environmentFor, temporaryFolder } from "../e2e/brigade.ts";
import { ownState } from "../programs.ts";

const command = fileURLToPath(new URL("../../packages/cli/bin/brigade.js", import.meta.url));

/** Runs the command in a folder of its own `.env`. `user`: of whom, where we are root. */
async function brigadeIn(
  folder: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  user?: number,
) {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...ownState, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    ...(user !== undefined && { uid: user, gid: user }),
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code: code as number | null, stdout, stderr };
}

const files: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  "is a folder": (path) => mkdir(path),
  "is UTF-16 of Windows": (path) =>
    writeFile(
      path,
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("UPYUN_OPERATOR=a\r\n", "utf16le")]),
    ),
  "is UTF-16 without a mark": (path) => writeFile(path, Buffer.from("UPYUN_OPERATOR=a\r\n", "utf16le")),
  "is Latin-1": (path) => writeFile(path, Buffer.from("UPYUN_PASSWORD=gr\xfcn\n", "latin1")),
};
for (const [how, make] of Object.entries(files)) {
  test(`a .env that ${how} is told in one line, exit 2, by every kind of command`, async (t) => {
    const folder = await temporaryFolder(t);
    await make(join(folder, ".env"));
    for (const args of [["copy", "upyun://demo/", "volume"], ["lister"], ["get", "http://127.0.0.1:9/x"]]) {
      const { code, stderr } = await brigadeIn(folder, args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^brigade: configuration: \.env [^\n]+\n$/);
    }
  });
}

test("a .env that this user may not read is told in one line, exit 2", async (t) => {
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o755);
  await writeFile(join(folder, ".env"), "UPYUN_OPERATOR=a\n");
  await chmod(join(folder, ".env"), 0o000);
  const user = getuid?.() === 0 ? 65_534 : undefined;
  const { code, stderr } = await brigadeIn(folder, ["copy", "upyun://demo/", "volume"], {}, user);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /^brigade: configuration: \.env cannot be read: this user may not read it[^\n]+\n$/);
});

test("a .env with a byte order mark is read like any other", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, ".env"), "\ufeffUPYUN_OPERATOR=a\r\nUPYUN_PASSWORD=b\r\nMAX_ATTEMPTS=no\r\n");
  const { code, stderr } = await brigadeIn(folder, ["copy", "upyun://demo/", "volume"]);
  assert.equal(code, 2);
  assert.match(stderr, /MAX_ATTEMPTS/);
  assert.doesNotMatch(stderr, /UPYUN_OPERATOR/);
});

test("a # in a value without quotes is a part of it, as docker compose reads the same file; after a blank it is a comment", async (t) => {
  const folder = await temporaryFolder(t);
  const values = {
    "ab#cd": "ab#cd",
    "ab # a comment": "ab",
    "'ab#cd'": "ab#cd",
    '"ab#cd" # a comment': "ab#cd",
    "ab'c#d": "ab'c#d",
  };
  for (const [written, meant] of Object.entries(values)) {
    await using bucket = await startBucket({ tree: explicitTree([]), password: meant });
    const own = { UPYUN_OPERATOR: bucket.operator, UPYUN_ENDPOINT: bucket.restUrl };
    await writeFile(join(folder, ".env"), `UPYUN_PASSWORD=${written}\n`);
    const { code, stderr } = await brigadeIn(folder, ["copy", "upyun://demo/", join(folder, "volume")], own);
    assert.equal(code, 0, `${written}: ${stderr}`);
  }
});

test("variables that resemble ours are one line each, with the one that was meant; copy takes its volumes from VOLUMES", async (t) => {
  const folder = await temporaryFolder(t);
  await using bucket = await startBucket({ tree: explicitTree([["a.txt", Buffer.from("a")]]) });
  await writeFile(join(folder, ".env"), "FETCH_CONCURENCY=4\nVOLUMES=one:two\n");
  const { code, stdout, stderr } = await brigadeIn(folder, ["copy", "upyun://demo/", "--json"], {
    ...environmentFor(bucket),
    UPYUN_OPERATER: "somebody",
    HTTP_HOSTS: "another program's",
  });
  assert.equal(code, 0, stderr);
  const warnings = stderr.split("\n").filter((line) => line.includes("is no variable"));
  assert.equal(warnings.length, 2, stderr);
  assert.match(warnings.join(), /FETCH_CONCURENCY is no variable of brigade: is FETCH_CONCURRENCY meant\?/);
  assert.match(warnings.join(), /UPYUN_OPERATER is no variable of brigade: is UPYUN_OPERATOR meant\?/);
  const { volumes } = JSON.parse(stdout) as { volumes: { root: string }[] };
  assert.deepEqual(
    volumes.map(({ root }) => root),
    [join(folder, "one"), join(folder, "two")],
  );
});

test("copy without volumes says how to name them", async (t) => {
  const own = { UPYUN_OPERATOR: "operator", UPYUN_PASSWORD: "password" };
  const { code, stderr } = await brigadeIn(await temporaryFolder(t), ["copy", "upyun://demo/"], own);
  assert.equal(code, 2);
  assert.match(stderr, /name a volume on the command line, or set VOLUMES/);
});
