import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, lchown, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getuid } from "node:process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { environmentFor, temporaryFolder } from "../e2e/brigade.ts";
import { ownState } from "../programs.ts";

const command = fileURLToPath(new URL("../../packages/cli/bin/brigade.js", import.meta.url));

/**
 * Runs the command in a folder with a `.env`. `user`: the owner of the file, if the test runs as
 * root.
 */
async function brigadeIn(
  folder: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  user?: number,
) {
  const child = spawn(command, args, {
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
  test(`a .env that ${how} is reported in one line, exit 2, by every kind of command`, async (t) => {
    const folder = await temporaryFolder(t);
    await make(join(folder, ".env"));
    for (const args of [["copy", "upyun://demo/", "volume"], ["lister"], ["status"]]) {
      const { code, stderr } = await brigadeIn(folder, args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^brigade: configuration: \.env [^\n]+\n$/);
    }
  });
}

test("a .env that this user may not read is reported in one line, exit 2", async (t) => {
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
  assert.match(stderr, /brigade: configuration: MAX_ATTEMPTS[^\n]*\n$/);
  assert.match(stderr, /line 1: a byte order mark begins the file/);
  assert.match(stderr, /line 1: it ends as on Windows/);
});

const secrets = "UPYUN_OPERATOR=alice\nUPYUN_PASSWORD=from-the-file\nLOG_LEVEL=silent\n";
const asked = ["copy", "upyun://demo/", "volume", "--dry-run"];

test("a line says which file was read, what it sets and what the environment overrules, whatever LOG_LEVEL it has", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, ".env"), `${secrets}UPYUN_ENDPOINT=http://127.0.0.1:9\n`);
  const { stderr } = await brigadeIn(folder, asked, { UPYUN_OPERATOR: "bob", OUTAGE_LIMIT_MS: "0" });
  const told = stderr.split("\n").find((line) => line.includes("a settings file was read")) ?? "";
  const { file, sets, overruled } = JSON.parse(told);
  assert.equal(file, join(folder, ".env"));
  assert.deepEqual(sets, ["UPYUN_PASSWORD", "LOG_LEVEL", "UPYUN_ENDPOINT"]);
  assert.deepEqual(overruled, ["UPYUN_OPERATOR"]);
  assert.doesNotMatch(stderr, /from-the-file/);
});

/** Files that another user may have written. `mend`: the command that the refusal names. */
const foreign: readonly {
  readonly how: string;
  readonly prepare: (path: string) => Promise<unknown>;
  readonly mend: RegExp;
}[] = [
  { how: "all may write", prepare: (path) => chmod(path, 0o606), mend: /`chmod o-w \S+\.env`/ },
  {
    how: "a group with others may write",
    prepare: async (path) => {
      await chown(path, 0, 54_321);
      await chmod(path, 0o660);
    },
    mend: /`chmod g-w \S+\.env`/,
  },
  { how: "belongs to another user", prepare: (path) => chown(path, 54_321, 0), mend: /`chown 0 \S+\.env`/ },
  {
    how: "is another user's link to root's file",
    prepare: async (path) => {
      await rename(path, `${path}.real`);
      await symlink(`${path}.real`, path);
      await lchown(path, 54_321, 0);
    },
    mend: /`chown -h 0 \S+\.env`/,
  },
];
for (const { how, prepare, mend } of foreign) {
  test(`a settings file that ${how} is refused, exit 2, with what mends it`, {
    skip: getuid?.() !== 0 && "only root may give files away",
  }, async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, ".env"), secrets);
    await prepare(join(folder, ".env"));
    for (const args of [asked, ["status"], ["status", "--env-file", ".env"]]) {
      const { code, stderr } = await brigadeIn(folder, args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, mend);
    }
    const command = mend.exec((await brigadeIn(folder, asked)).stderr)?.[0].replaceAll("`", "") ?? "";
    execFileSync("sh", ["-c", command]);
    assert.match((await brigadeIn(folder, ["status"])).stderr, /a settings file was read/);
  });
}

test("with sudo, a .env of the user who called it (SUDO_UID) is read", {
  skip: getuid?.() !== 0 && "needs root",
}, async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, ".env"), secrets);
  await chown(join(folder, ".env"), 54_321, 54_321);
  assert.match(
    (await brigadeIn(folder, ["status"], { SUDO_UID: "54321" })).stderr,
    /a settings file was read/,
  );
});

test("below a volume no settings file is read, in a subfolder neither, nor by --env-file or a link", async (t) => {
  const folder = await temporaryFolder(t);
  const volume = join(folder, "disk");
  await mkdir(join(volume, ".brigade"), { recursive: true });
  await mkdir(join(volume, "photos", "2019"), { recursive: true });
  await writeFile(join(volume, ".brigade", "volume.json"), "{}");
  for (const at of [volume, join(volume, "photos", "2019")]) {
    await writeFile(join(at, ".env"), secrets);
    const { code, stderr } = await brigadeIn(at, asked);
    assert.equal(code, 2);
    assert.match(stderr, /a settings file is not read/);
    assert.match(stderr, /UPYUN_PASSWORD/, "it is missing");
    const chosen = await brigadeIn(folder, ["status", "--env-file", join(at, ".env")]);
    assert.equal(chosen.code, 2);
    assert.match(chosen.stderr, /lies below the volume/);
  }
  await symlink(join(volume, ".env"), join(folder, ".env"));
  assert.match((await brigadeIn(folder, asked)).stderr, /a settings file is not read/);
  await rename(join(volume, ".brigade", "volume.json"), join(folder, "away"));
  await symlink("nowhere", join(volume, ".brigade", "volume.json"));
  assert.match((await brigadeIn(volume, asked)).stderr, /a settings file is not read/, "prepared badly");
});

test("--env-file takes another file in place of .env, --no-env-file takes none, and get never has one", async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, ".env"), "MAX_ATTEMPTS=wrong\n");
  await writeFile(join(folder, "other.env"), "LIST_CONCURRENCY=wrong\n");
  const own = { UPYUN_OPERATOR: "operator", UPYUN_PASSWORD: "password" };
  const chosen = await brigadeIn(folder, [...asked, "--env-file", "other.env"], own);
  assert.match(chosen.stderr, /configuration: LIST_CONCURRENCY/);
  assert.doesNotMatch(chosen.stderr, /MAX_ATTEMPTS/);
  const before = await brigadeIn(folder, ["--env-file=other.env", ...asked], own);
  assert.match(before.stderr, /configuration: LIST_CONCURRENCY/);
  const none = await brigadeIn(folder, [...asked, "--no-env-file"], { ...own, BATCH_FILES: "wrong" });
  assert.match(none.stderr, /^brigade: configuration: BATCH_FILES[^\n]+\n$/);
  const missing = await brigadeIn(folder, ["status", "--env-file", "no.env"]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /no\.env cannot be read: there is no such file/);
  await writeFile(join(folder, ".env"), "NODE_EXTRA_CA_CERTS=/no/such/file\nLOG_LEVEL=wrong\n");
  const got = await brigadeIn(folder, ["get", "http://127.0.0.1:9/x", "--retries", "0", "--quiet"]);
  assert.doesNotMatch(got.stderr, /LOG_LEVEL|settings file/);
});

test("a pipe, a device, a file above 64 KiB and one of blanks are refused as settings files in one line, at once", async (t) => {
  const folder = await temporaryFolder(t);
  execFileSync("mkfifo", [join(folder, "pipe")]);
  await writeFile(join(folder, "large"), "#".repeat(64 * 1024 + 1));
  await writeFile(join(folder, "blanks"), `A=1${" ".repeat(1_001)}#`);
  for (const file of ["pipe", "/dev/zero", "large", "blanks"]) {
    const { code, stderr } = await brigadeIn(folder, ["status", "--env-file", file]);
    assert.equal(code, 2);
    assert.match(stderr, /^brigade: configuration: \S+ (is not read: |has more than 1000 blanks)[^\n]+\n$/);
  }
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

test("variables that resemble brigade's get one line each, with the right name; copy takes its volumes from VOLUMES", async (t) => {
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
  assert.match(
    warnings.join(),
    /FETCH_CONCURENCY is no variable of brigade: do you mean FETCH_CONCURRENCY\?/,
  );
  assert.match(warnings.join(), /UPYUN_OPERATER is no variable of brigade: do you mean UPYUN_OPERATOR\?/);
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
