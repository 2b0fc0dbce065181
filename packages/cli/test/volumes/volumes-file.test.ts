import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigError } from "@brigade/core";
import { configuredFolders } from "../../src/volumes/named-folders.ts";
import { readVolumesFile } from "../../src/volumes/volumes-file.ts";

function fileWith(t: TestContext, text: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "brigade-list-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "volumes");
  writeFileSync(path, text);
  return path;
}

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return assert.fail("it was accepted");
}

test("a file names one root per line; blank lines and comments count for nothing", (t) => {
  const path = fileWith(t, "\ufeff# disks\r\n/mnt/disk1\r\n\n  /mnt/disk 2/  \n#/mnt/disk3\n/mnt/disk4");
  assert.deepEqual(readVolumesFile(path), ["/mnt/disk1", "/mnt/disk 2", "/mnt/disk4"]);
  assert.deepEqual(readVolumesFile(fileWith(t, "")), []);
});

test("each wrong line is reported with its number, all at once", (t) => {
  const path = fileWith(t, "/mnt/disk1\ndisk2\n/mnt/disk1/\nhttp://disk3/\n/mnt/a\tb\n");
  assert.deepEqual(
    problemsOf(() => readVolumesFile(path)).map((one) => one.replace(`VOLUMES_FILE ${path}, `, "")),
    [
      "line 2: disk2 is not an absolute path",
      "line 3: /mnt/disk1 is in line 1 already",
      "line 4: http://disk3/ is a URL, not a folder",
      "line 5: has a control character",
    ],
  );
});

test("what is no list of volumes is refused: a missing file, a folder, other bytes, too many", (t) => {
  const of = (path: string) => problemsOf(() => readVolumesFile(path)).join();
  assert.match(of("/nowhere/volumes"), /VOLUMES_FILE \/nowhere\/volumes: cannot be read: ENOENT/);
  assert.match(of(tmpdir()), /is no file/);
  assert.match(of("/dev/zero"), /is no file/);
  assert.match(of(fileWith(t, Uint8Array.of(0x2f, 0xff))), /is not UTF-8/);
  assert.match(of(fileWith(t, "#".repeat(300_000))), /has 300000 bytes/);
  const many = Array.from({ length: 1_001 }, (_, index) => `/mnt/${index}\n`).join("");
  assert.match(of(fileWith(t, many)), /names 1001 volumes; 1000 are the most/);
});

test("the roots of VOLUMES come first, and none may be in both", (t) => {
  const path = fileWith(t, "/mnt/two\n");
  assert.deepEqual(configuredFolders({ VOLUMES: ["/mnt/one"], VOLUMES_FILE: path }), [
    "/mnt/one",
    "/mnt/two",
  ]);
  assert.deepEqual(
    problemsOf(() => configuredFolders({ VOLUMES: ["/mnt/two"], VOLUMES_FILE: path })),
    ["/mnt/two is in VOLUMES and VOLUMES_FILE"],
  );
});
