import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "dotenv";
import { readLikeCompose } from "../../../src/settings/file/compose.ts";
import { warningsOf } from "../../../src/settings/file/warnings.ts";

/**
 * How Docker Compose 2.26 reads each line (`docker compose config` with `env_file`); `undefined`:
 * it depends on other variables.
 */
const readings: readonly (readonly [line: string, value: string | undefined])[] = [
  ["A=plain", "plain"],
  ["A = spaced  ", "spaced"],
  ["export A=exported", "exported"],
  ["A: yaml", "yaml"],
  ["A=pass#word", "pass#word"],
  ["A=value # comment", "value"],
  ["A='single $x \\n'", "single $x \\n"],
  ['A="double"  # comment', "double"],
  ['A="tab\\tand\\nline"', "tab\tand\nline"],
  ['A="back\\\\slash"', "back\\slash"],
  ["A=pa$$word", undefined],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is Compose's own form
  ["A=${OTHER}", undefined],
  ['A="pa$word"', undefined],
  ["A='it\\'s'", "it's"],
  ["A=`ticks`", "`ticks`"],
  ["A=", ""],
  ['A="open', undefined],
  ['A="b"c', undefined],
];

for (const [line, value] of readings) {
  test(`Docker Compose reads ${line} as ${value}`, () => {
    assert.deepEqual(
      readLikeCompose(`# first\n\n${line}\n`).map((entry) => [entry.name, entry.line, entry.value]),
      [["A", 3, value]],
    );
  });
}

test("a value of several lines in quotes is one, and what follows has its own line's number", () => {
  const entries = readLikeCompose("A='one\ntwo # three\n'\nB=4\n");
  assert.deepEqual(
    entries.map(({ name, line, value }) => [name, line, value]),
    [
      ["A", 1, "one\ntwo # three\n"],
      ["B", 4, "4"],
    ],
  );
});

test("what may be meant otherwise is warned about with its line, and never with a value", () => {
  const text = [
    "\ufeffUPYUN_OPERATOR=alice",
    "UPYUN_PASSWORD=secret$word",
    'REFERER="secret\\tword"',
    "USER_AGENT='secret $x # y'\r",
    "# UPYUN_TOKEN_SECRET=a#b",
    'SITE_PASSWORD="plain"',
    "AMQP_URL=amqp://host/#secret",
    "SITE_USER=#secret",
  ].join("\n");
  const warnings = warningsOf(text, parseAs(text));
  assert.deepEqual(
    warnings.map((warning) => warning.split(":")[0]),
    ["line 1", "line 2", "line 3", "line 4", "line 7", "line 8", "line 8"],
    warnings.join("\n"),
  );
  assert.match(warnings[0] ?? "", /byte order mark/);
  assert.match(
    warnings[1] ?? "",
    /Docker Compose reads UPYUN_PASSWORD otherwise .* puts a variable in place of \$/,
  );
  assert.match(warnings[2] ?? "", /Docker Compose reads REFERER otherwise .* escapes/);
  assert.match(warnings[3] ?? "", /Windows/);
  assert.match(warnings[4] ?? "", /# in the value of AMQP_URL/);
  assert.match(warnings[5] ?? "", /# begins a comment, and SITE_USER is empty/);
  assert.match(warnings[6] ?? "", /Docker Compose reads SITE_USER otherwise/);
  assert.doesNotMatch(warnings.join("\n"), /secret/);
});

test("a name that every object has is one like any other", () => {
  for (const name of ["__proto__", "constructor", "toString"]) {
    const text = `${name}=#`;
    assert.deepEqual(warningsOf(text, parse(text)).length, 2, name);
  }
});

test("a file without any of that is not warned about", () => {
  const text = "# a comment\nA=1\n\nexport B='x $y' # why\nC=\"two words\"\nD=\n";
  assert.deepEqual(warningsOf(text, parseAs(text)), []);
});

/** As the settings file is read: # begins a comment after a blank. */
function parseAs(text: string): Record<string, string> {
  return { ...parse(text.replace("\ufeff", "")), AMQP_URL: "amqp://host/#secret" };
}
