import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { failure } from "../../failure.ts";
import { endMarker, serve, signal, sourceFor } from "../../scenario.ts";

function page(response: ServerResponse, body: string): void {
  response.writeHead(200, { "x-upyun-list-iter": endMarker }).end(body);
}

test("lists a row that cannot be read as a file with the reason and the remedy; the others are not touched", async (t) => {
  const odd = [
    "a\tb\tN\t1\t2",
    "",
    "minus\tN\t-1\t2",
    "huge\tN\t9007199254740993\t2",
    "what\tX\t1\t2",
    "crlf\tN\t1\t2\r",
  ];
  const rows = [
    "first\tN\t1\t2",
    "dir\tF\t0\t2",
    ...odd,
    ...["x", "y", "z", "last"].map((name) => `${name}\tN\t1\t2`),
  ];
  const { url } = await serve(t, (_request, response) => page(response, rows.join("\n")));
  const { files, directories } = await sourceFor(t, { UPYUN_ENDPOINT: url }).listPage(
    "a",
    undefined,
    signal(),
  );
  assert.deepEqual(directories, ["dir"]);
  assert.deepEqual(
    files.filter(({ problem }) => problem === undefined).map(({ name }) => name),
    ["first", "x", "y", "z", "last"],
  );
  const bad = files.filter(({ problem }) => problem !== undefined);
  assert.deepEqual(
    bad.map(({ name }) => name),
    ["a b N 1 2", "(an empty row)", "minus N -1 2", "huge N 9007199254740993 2", "what X 1 2", "crlf N 1 2 "],
  );
  assert.match(bad[0]?.problem ?? "", /row 3 has 5 columns, not 4.*UPYUN_LIST_FORMAT=json/);
});

/** The names of a page of these rows that can be fetched, and the problems of the others. */
async function listedOf(t: TestContext, rows: readonly string[]) {
  const all = [...rows, ...Array.from("abcdefghij", (name) => `${name}\tN\t1\t2`)];
  const { url } = await serve(t, (_request, response) => page(response, all.join("\n")));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const { files, directories } = await source.listPage("a", undefined, signal());
  const problems = files.flatMap(({ problem }) => problem ?? []);
  const good = files.flatMap(({ name, problem }) => (problem === undefined ? [name] : []));
  const unlisted = files
    .filter(({ problem }) => problem !== undefined)
    .flatMap(({ mayBeDirectory }, index) => (mayBeDirectory ? [index] : []));
  return { good: good.slice(0, -10), directories, problems, unlisted };
}

test("a JSON entry that cannot be read may be a directory, unless its type is a file's", async (t) => {
  const entries = [
    { name: "no type", length: 1, last_modified: 2 },
    { name: "a folder", type: "folder", length: -1, last_modified: 2 },
    { name: "a picture", type: "image/png", length: -1, last_modified: 2 },
    { name: "good", type: "image/png", length: 1, last_modified: 2 },
    "nothing of that kind",
  ];
  const { url } = await serve(t, (_request, response) => page(response, JSON.stringify({ files: entries })));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url, UPYUN_LIST_FORMAT: "json" });
  const { files } = await source.listPage("a", undefined, signal());
  assert.deepEqual(
    files.map(({ problem, mayBeDirectory }) => [problem !== undefined, mayBeDirectory]),
    [
      [true, true],
      [true, true],
      [true, undefined],
      [false, undefined],
      [true, true],
    ],
  );
});

test("a name with a LF in it fails whole: its end is no other name", async (t) => {
  const { good, directories, problems } = await listedOf(t, [
    "one\tN\t1\t2",
    "two",
    "lines\tN\t1\t2",
    "three",
    "",
    "lines\tF\t0\t2",
    "four\tN\t1\t2",
    "dir\tF\t0\t2",
  ]);
  assert.deepEqual([good, directories], [["one", "four"], ["dir"]]);
  assert.equal(problems.length, 5);
  assert.match(problems[1] ?? "", /row 3 may be the rest of the row before it.*UPYUN_LIST_FORMAT=json/);
});

test("a row that cannot be read counts as a possible directory, unless it is clearly a file's", async (t) => {
  const { good, directories, problems, unlisted } = await listedOf(t, [
    "a\tb\tF\t0\t2",
    "a\tb\tN\t1\t2",
    "what\tX\t1\t2",
    "empty\tN\t\t2",
    "two",
    "lines\tN\t1\t2",
    "two",
    "lines\tF\t0\t2",
  ]);
  assert.deepEqual([good, directories], [[], []]);
  assert.deepEqual(
    problems.map((problem) => problem.includes("may be a directory")),
    [true, false, true, false, false, false, true, true],
  );
  assert.deepEqual(unlisted, [0, 2, 6, 7]);
});

test("treats a page whose last row cannot be read as cut, until it has come so three times", async (t) => {
  let text = "a\tN\t1\t2\nb\tN\t1";
  const { url } = await serve(t, (_request, response) => page(response, text));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const refused = () => assert.rejects(source.listPage("a", undefined, signal()), failure("bad-listing"));
  await refused();
  await refused();
  text = "a\tN\t1\t2\nb\tN";
  await refused();
  await refused();
  const { files } = await source.listPage("a", undefined, signal());
  assert.deepEqual(
    files.map(({ name, problem }) => [name, problem !== undefined]),
    [
      ["a", false],
      ["b N", true],
    ],
  );
  text = "<html>no listing at all</html>";
  for (let time = 1; time <= 4; time++) await refused();
});

test("lists a JSON entry that cannot be read as a file with the reason; the others are not touched", async (t) => {
  const good = { name: "good", type: "text/plain", length: 1, last_modified: 2 };
  const files = [good, { ...good, name: "minus", length: -1 }, { type: "folder" }, 7];
  const { url } = await serve(t, (_request, response) =>
    page(response, JSON.stringify({ files, iter: endMarker })),
  );
  const listed = await sourceFor(t, {
    UPYUN_ENDPOINT: url,
    UPYUN_LIST_FORMAT: "json",
  }).listPage("a", undefined, signal());
  assert.deepEqual(
    listed.files.map(({ name, problem }) => [name, problem !== undefined]),
    [
      ["good", false],
      ["minus", true],
      ['{"type":"folder"}', true],
      ["7", true],
    ],
  );
  assert.match(listed.files[1]?.problem ?? "", /entry 2 of the listing/);
});
