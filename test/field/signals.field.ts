import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Bucket, objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { brigade, environmentFor, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds, filesBelow } from "../e2e/disk.ts";
import { ownState } from "../programs.ts";
import { until } from "../waiting.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
/** The command as npm links it. */
const command = join(checkout, "node_modules/.bin/brigade");
const file = join(checkout, "packages/cli/bin/brigade.js");

const tree = syntheticTree({ directories: 8, filesPerDirectory: 50, minSize: 100, maxSize: 200, seed: 6 });
const keys = [...objectsOf(tree)].map(({ key }) => key);

interface Scene {
  readonly bucket: Bucket;
  readonly volume: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** A bucket that takes some seconds to copy. */
async function scene(t: TestContext): Promise<Scene> {
  const bucket = await startBucket({ tree, latencyMs: 100 });
  t.after(() => bucket.close());
  const environment = {
    PATH: process.env.PATH,
    ...ownState,
    ...environmentFor(bucket),
    FETCH_CONCURRENCY: "8",
  };
  return { bucket, volume: await temporaryFolder(t), environment };
}

/**
 * Starts a program that starts a copy, in a process group of its own, and waits until it has stored
 * something.
 */
async function begun(scene: Scene, program: string, args: readonly string[]) {
  const child = spawn(program, args, {
    cwd: checkout,
    env: scene.environment,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const ended = Promise.all([text(child.stderr), once(child, "close")]).then(([stderr, [code]]) => ({
    stderr,
    code: code as number | null,
  }));
  await until("something is stored", async () => (await filesBelow(join(scene.volume, "demo"))).length > 20);
  return { child, ended };
}

/** A hangup as a terminal sends it: to the whole group. */
function hangUp({ pid }: ChildProcess): void {
  process.kill(-(pid ?? 0), "SIGHUP");
}

async function isGone({ volume, environment }: Scene): Promise<void> {
  // The lock of the state is free: no process goes on in the background.
  const again = await brigade(["copy", "upyun://demo/", volume], environment);
  assert.equal(again.code, 0, again.stderr);
}

test("SIGHUP, however many, stops a copy with grace, exit 130, and the same command goes on", async (t) => {
  const place = await scene(t);
  const { child, ended } = await begun(place, command, ["copy", "upyun://demo/", place.volume]);
  hangUp(child);
  hangUp(child);
  const { code, stderr } = await ended;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /SIGHUP: finishing what is in hand/);
  await isGone(place);
  await assertHolds([place.volume], place.bucket, keys);
});

for (const [how, args] of [
  ["nohup brigade", ["-c", 'nohup "$0" "$@"; exit $?', command]],
  ["nohup in a script that nohup started", ["-c", '"$0" "$@"; exit $?', command]],
  [
    "a shell that ignores it, and Node started by hand",
    ["-c", 'trap "" HUP; "$0" "$@"; exit $?', process.execPath, file],
  ],
] as const) {
  test(`a SIGHUP that was ignored at the start is ignored later: ${how}`, async (t) => {
    const place = await scene(t);
    const program = how.includes("script") ? ["nohup", "sh"] : ["sh"];
    const all = [...program.slice(1), ...args, "copy", "upyun://demo/", place.volume];
    const { child, ended } = await begun(place, program[0] ?? "", all);
    // The shell between gets no signal: only the copy does.
    hangUp(child);
    const { code, stderr } = await ended;
    if (code !== null) assert.equal(code, 0, stderr);
    await assertHolds([place.volume], place.bucket, keys);
  });
}

test("when npx is ended, the copy that it started stops with grace", async (t) => {
  const place = await scene(t);
  const { child, ended } = await begun(place, "npx", ["brigade", "copy", "upyun://demo/", place.volume]);
  child.kill("SIGTERM");
  const { stderr } = await ended;
  assert.match(stderr, /npx has ended: finishing what is in hand/);
  assert.match(stderr, /interrupted/);
  await isGone(place);
  await assertHolds([place.volume], place.bucket, keys);
});

test("services ignore SIGHUP", async (t) => {
  const environment = {
    PATH: process.env.PATH,
    AMQP_URL: "amqp://guest:guest@127.0.0.1:1",
    SOURCES: "demo=upyun://demo/",
    UPYUN_OPERATOR: "operator",
    UPYUN_PASSWORD: "password",
    HTTP_PORT: "0",
  };
  const child = spawn(command, ["lister"], { env: environment, stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let stderr = "";
  child.stderr.on("data", (bytes) => {
    stderr += bytes;
  });
  await until("it listens", async () => stderr.includes('"listening"'));
  child.kill("SIGHUP");
  child.kill("SIGHUP");
  const url = /"url":"([^"]+)"/.exec(stderr)?.[1];
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  child.kill("SIGTERM");
  const [code] = await once(child, "close");
  assert.equal(code, 0, stderr);
});

/** A folder with a `node` that reports version 20 and has the features of version 20. */
async function oldNode(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, "bin"));
  const node = join(folder, "bin", "node");
  await writeFile(node, '#!/bin/sh\necho "an old Node was asked" >&2\nexit 9\n');
  await chmod(node, 0o755);
  return dirname(node);
}

test("the command finds its Node with a PATH that has none, as for cron, or an old one", async (t) => {
  for (const PATH of [undefined, "", "/nonexistent", [await oldNode(t), process.env.PATH].join(delimiter)]) {
    const child = spawn(command, ["--help"], {
      cwd: "/",
      env: PATH === undefined ? {} : { PATH },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    assert.equal(code, 0, `PATH ${PATH}: ${stderr}`);
    assert.match(stdout, /^Usage: brigade/);
  }
});

test("a copy goes on when the reader of its log, or its terminal, goes away", async (t) => {
  const place = await scene(t);
  const child = spawn(command, ["copy", "upyun://demo/", place.volume], {
    cwd: checkout,
    env: { ...place.environment, LOG_LEVEL: "debug" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  await until("something is stored", async () => (await filesBelow(join(place.volume, "demo"))).length > 20);
  child.stderr.destroy();
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  await assertHolds([place.volume], place.bucket, keys);
});

test("a copy in a session of its own goes on when its terminal is closed", async (t) => {
  const place = await scene(t);
  const line = `setsid sh -c 'trap "" HUP; exec "$0" "$@"' '${command}' copy upyun://demo/ '${place.volume}' & sleep 3`;
  const { ended } = await begun(place, "script", ["--quiet", "--return", "--command", line, "/dev/null"]);
  await ended;
  await until(
    "the copy is whole",
    async () => (await filesBelow(join(place.volume, "demo"))).length === keys.length,
  );
  await isGone(place);
  await assertHolds([place.volume], place.bucket, keys);
});
