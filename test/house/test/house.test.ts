import assert from "node:assert/strict";
import { test } from "node:test";
import { crowdedFolders } from "../crowded-folders.ts";
import { folderCircles } from "../folder-circles.ts";
import { longLines } from "../long-lines.ts";
import { missingPaths } from "../missing-paths.ts";

const numbered = (folder: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${folder}/f${n}.ts`);

test("a folder with more than 15 files of code is named, with their number", () => {
  const files = [
    ...numbered("packages/a/src", 15),
    ...numbered("packages/a/src/room", 16),
    ...numbered("packages/a/test/room", 17),
    ...numbered("deploy", 40),
  ];
  assert.deepEqual(crowdedFolders(files), [
    "packages/a/src/room: 16 files side by side, at most 15: make rooms",
    "packages/a/test/room: 17 files side by side, at most 15: make rooms",
  ]);
});

test("a path that a document names must exist, with or without packages/ before it", () => {
  const files = ["packages/core/src/job.ts", "test/disks/faulty-disk.c", "docs/get.md", "README.md"];
  const text =
    "See `packages/core/src/job.ts`, `core/src/job.ts`, test/disks/ and `core/src/gone.ts`, `test/gone/`." +
    " [get](docs/get.md#how) [gone](docs/gone.md) [web](https://example.com/docs/x.md) `packages/*/test/x.ts`";
  assert.deepEqual(missingPaths([{ path: "README.md", text }], files), [
    "README.md: there is no core/src/gone.ts",
    "README.md: there is no test/gone/",
    "README.md: there is no docs/gone.md",
  ]);
});

test("a link in a document leads from the document's own folder", () => {
  const files = ["docs/decisions/0001-a.md", "docs/get.md"];
  const text = "[up](../get.md) [beside](0001-a.md) [wrong](get.md)";
  assert.deepEqual(missingPaths([{ path: "docs/decisions/0001-a.md", text }], files), [
    "docs/decisions/0001-a.md: there is no get.md",
  ]);
});

test("a line of prose with more than 100 columns is named, but not one of a table or of code", () => {
  const long = "word ".repeat(25);
  const text = ["# Title", long, `| ${long} |`, "```", long, "```", `- ${long}`, "x".repeat(120)].join("\n");
  assert.deepEqual(longLines([{ path: "docs/get.md", text }]), [
    "docs/get.md:2: 125 columns, at most 100",
    "docs/get.md:7: 127 columns, at most 100",
  ]);
});

test("in settings and scripts only the comments are prose", () => {
  const long = "word ".repeat(25);
  const text = ["# short", `# ${long}`, `#NAME=${long}`, `echo ${long}`].join("\n");
  assert.deepEqual(longLines([{ path: ".env.example", text }]), [".env.example:2: 127 columns, at most 100"]);
});

test("folders that import from each other are named with the files that do, also through others and for types", () => {
  const files = [
    { path: "packages/a/src/one/x.ts", text: 'import { y } from "../two/y.ts";' },
    { path: "packages/a/src/two/y.ts", text: 'const z = await import("../three/deep/z.ts");' },
    { path: "packages/a/src/three/deep/z.ts", text: 'import type {\n  X,\n} from "../../one/x.ts";' },
    { path: "packages/a/src/main.ts", text: 'import "./one/x.ts";' },
  ];
  assert.deepEqual(folderCircles(files), [
    "packages/a/src: folders in a circle: one/x.ts imports from two, two/y.ts imports from three/deep, " +
      "three/deep/z.ts imports from one",
  ]);
});

test("a package's door, and arrows that all go down, make no circle", () => {
  const files = [
    { path: "packages/a/src/index.ts", text: 'export { x } from "./one/x.ts";' },
    { path: "packages/a/src/shared.ts", text: 'import { b } from "@brigade/b";' },
    {
      path: "packages/a/src/one/x.ts",
      text: 'import { s } from "../shared.ts";\nimport { y } from "./y.ts";',
    },
    { path: "packages/a/src/one/y.ts", text: "" },
  ];
  assert.deepEqual(folderCircles(files), []);
});
