import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Bucket, explicitTree, startBucket } from "../bucket/index.ts";
import { brigade, environmentFor, onTerminal, temporaryFolder } from "./brigade.ts";

/**
 * Sets a terminal's title; C1's own beginning of a sequence; DEL; the reversed name of a program;
 * isolates; a mark.
 */
const tricks = [
  "\u001b]0;PWNED\u0007",
  "\u009b31m",
  "\u007f\u0085",
  "photo\u202egpj.exe",
  "\u2066a\u2069\u200f\u061c",
];
const keys = tricks.map((trick, index) => `dir ${trick}/${index} ${trick}.jpg`);

/** Control characters for a terminal, except brigade's own colours, cursor moves and line ends. */
const obeyed =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about these
  /\u001b(?!\[[0-9;?]*[A-Za-z])|[\u0000-\u0007\u000e-\u001a\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

interface Place {
  readonly bucket: Bucket;
  readonly environment: NodeJS.ProcessEnv;
  /** The folder's name, and so its label, holds control characters too. */
  readonly volume: string;
}

/** A bucket of such keys, one of which cannot be fetched. */
async function place(t: TestContext): Promise<Place> {
  const tree = explicitTree();
  for (const key of keys) tree.put(key, { bytes: Buffer.from(`bytes of ${key}`) });
  const bucket = await startBucket({ tree });
  t.after(() => bucket[Symbol.asyncDispose]());
  bucket.forbid(keys[0] ?? "");
  const volume = join(await temporaryFolder(t), `disk \u001b]0;PWNED\u0007 \u202e`);
  await mkdir(volume);
  return { bucket, environment: environmentFor(bucket), volume };
}

/** Every command that shows names which come from outside, with its exit code. */
function commandsFor(volume: string): readonly (readonly [args: readonly string[], code: number])[] {
  const accounts = ["--state-dir", volume];
  return [
    [["copy", "upyun://demo/", volume, "--dry-run"], 0],
    [["copy", "upyun://demo/", volume, "--log-level", "debug"], 3],
    [["doctor", "upyun://demo/", volume], 4],
    [["volume", "list", volume], 0],
    [["volumes", ...accounts], 0],
    [["status", ...accounts], 0],
    [["status", "--directories", ...accounts], 0],
    [["failed", ...accounts], 0],
    [["where", "dir", ...accounts], 0],
    [["where", "no \u001b]0;PWNED\u0007", ...accounts], 3],
    [["audit", "upyun://demo/", ...accounts], 3],
    [["verify", volume], 0],
    [["ledger", "rebuild", volume, ...accounts], 0],
    [["copy", "upyun://demo/no \u001b]0;PWNED\u0007/", volume], 2],
    [["copy", "upyun://demo/", volume, "--\u001b]0;PWNED\u0007"], 2],
  ];
}

test("in no command can a key, a label, a reason or an argument control the terminal", async (t) => {
  const { environment, volume } = await place(t);
  for (const [args, expected] of commandsFor(volume)) {
    const { code, sent } = await onTerminal(args, environment);
    assert.equal(code, expected, `${JSON.stringify(args)}: ${JSON.stringify(sent)}`);
    if (args.includes("debug")) assert.match(sent, /an object failed.*dir \\x1b\]0;PWNED\\x07/);
    const found = obeyed.exec(sent);
    const around = JSON.stringify(
      sent.slice(Math.max(0, (found?.index ?? 0) - 60), (found?.index ?? 0) + 20),
    );
    assert.equal(found, null, `${JSON.stringify(args)} sends ${around}`);
  }
});

test("JSON results and log lines escape control characters, and a parser gets the true keys", async (t) => {
  const { environment, volume } = await place(t);
  const copied = await brigade(["copy", "upyun://demo/", volume, "--json"], environment);
  assert.equal(copied.code, 3, copied.stderr);
  for (const text of [copied.stdout, copied.stderr]) assert.doesNotMatch(text, obeyed);
  assert.deepEqual(
    JSON.parse(copied.stdout).failed.map(({ key }: { key: string }) => key),
    [keys[0]],
  );
  const lines = copied.stderr.trim().split("\n");
  assert.ok(lines.map((line) => JSON.parse(line)).some(({ key }) => key === keys[0]));

  const found = await brigade(["where", "dir", "--json", "--state-dir", volume], environment);
  assert.doesNotMatch(found.stdout, obeyed);
  const told = found.stdout.trim().split("\n");
  assert.deepEqual(told.map((line) => JSON.parse(line).key).sort(), keys.slice(1).sort());
});
