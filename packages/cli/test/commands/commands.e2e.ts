import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { brigade, deadEnd, environment, temporaryFolder } from "../command.ts";

test("commands of the fleet report all problems of configuration and arguments together", async () => {
  const { code, stderr } = await brigade(["start", "music", "--min-size", "huge"], { LEDGER_URL: "x" });
  assert.equal(code, 2);
  for (const what of ["AMQP_URL", "LEDGER_URL", "--min-size", '"music"'])
    assert.match(stderr, new RegExp(what));
});

test("a source or subcommand that there is not, and arguments too few, are usage errors", async () => {
  for (const args of [
    ["start"],
    ["cancel"],
    ["cancel", "music"],
    ["dead-letters"],
    ["dead-letters", "list"],
    ["dead-letters", "eat", "photos"],
    ["dead-letters", "list", "photos", "--limit", "some"],
    ["volume"],
    ["volume", "init"],
    ["volume", "list"],
    ["volume", "init", "/a", "/b", "--label", "x"],
    ["lister", "photos"],
  ]) {
    const { code, stderr, stdout } = await brigade(args, environment);
    assert.equal(code, 2, `${args.join(" ")}: ${stdout}${stderr}`);
    assert.doesNotMatch(stderr, /\n {4}at /, "a stack trace");
  }
});

test("a broker or ledger that is away ends a command with one line and exit code 4", async () => {
  const own = { ...environment, LEDGER_URL: "http://127.0.0.1:1", UPYUN_ENDPOINT: "http://127.0.0.1:1" };
  for (const args of [
    ["cancel", "photos"],
    ["dead-letters", "list", "photos"],
    ["start", "photos"],
  ]) {
    const { code, stderr } = await brigade(args, own);
    assert.equal(code, 4, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, /^brigade: cannot go on: [^\n]+\n$/);
    assert.doesNotMatch(stderr, /password/);
  }
});

test("a CA file that cannot be read is a problem of the configuration", async () => {
  const { code, stderr } = await brigade(["dead-letters", "list", "photos"], {
    ...environment,
    AMQP_URL: deadEnd,
    AMQP_CA_FILE: "/nowhere/ca.pem",
  });
  assert.equal(code, 2);
  assert.match(stderr, /AMQP_CA_FILE: .*\/nowhere\/ca\.pem/);
});

test("volume init makes folders volumes once; volume list shows them and what lies there", async () => {
  await using folder = await temporaryFolder();
  const [a, b, missing] = ["a", "b", "missing"].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  for (const root of [a, b]) await mkdir(root);
  assert.equal((await brigade(["volume", "init", a, "--label", "blue disk"])).code, 0);
  const identity = await readFile(join(a, ".brigade/volume.json"), "utf8");
  const again = await brigade(["volume", "init", a, b]);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /a was a volume already.*"blue disk"\n.*b is a volume now.*"b"\n/);
  assert.equal(await readFile(join(a, ".brigade/volume.json"), "utf8"), identity);
  assert.equal((await brigade(["volume", "init", missing])).code, 2);

  await writeFile(
    join(a, ".brigade/sources/photos.json"),
    '{"fingerprint":"f1","since":"2024-01-01T00:00:00Z"}\n',
  );
  const listed = await brigade(["volume", "list", "--json"], { VOLUMES: `${a}:${b}` });
  assert.equal(listed.code, 0, listed.stderr);
  const volumes = JSON.parse(listed.stdout);
  assert.deepEqual(
    volumes.map(({ root, label, sources }: Record<string, unknown>) => [root, label, sources]),
    [
      [a, "blue disk", [{ name: "photos", fingerprint: "f1" }]],
      [b, "b", []],
    ],
  );
  assert.ok(volumes[0].free > 0);
  const some = await brigade(["volume", "list", a, missing]);
  assert.equal(some.code, 2);
  assert.match(some.stdout, /blue disk.* free {2}photos/);
  assert.match(some.stderr, /missing is not a volume/);
});

test("a downloader refuses a volume that holds other objects under a source's name", async () => {
  await using folder = await temporaryFolder();
  assert.equal((await brigade(["volume", "init", folder.path])).code, 0);
  const file = join(folder.path, ".brigade/sources/photos.json");
  await writeFile(file, '{"fingerprint":"other","since":"2024-01-01T00:00:00Z"}\n');
  const { code, stderr } = await brigade(["downloader"], {
    ...environment,
    VOLUMES: folder.path,
    LOG_LEVEL: "error",
  });
  assert.equal(code, 2, stderr);
  assert.match(stderr, /holds other objects under the name "photos"/);
});
