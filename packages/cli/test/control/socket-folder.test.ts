import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { socketFolder } from "../../src/control/socket-folder.ts";

function runtimeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "brigade-runtime-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("the folder of sockets is made for its user alone, and used again", (t) => {
  const runtime = runtimeFolder(t);
  const folder = socketFolder({ XDG_RUNTIME_DIR: runtime });
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(socketFolder({ XDG_RUNTIME_DIR: runtime }), folder);
});

test("a folder of sockets that others may use is refused", (t) => {
  const runtime = runtimeFolder(t);
  mkdirSync(join(runtime, "brigade"));
  chmodSync(join(runtime, "brigade"), 0o755);
  assert.throws(() => socketFolder({ XDG_RUNTIME_DIR: runtime }), /others may use it: chmod 700/);
});

test("a link in the place of the folder of sockets is refused", (t) => {
  const runtime = runtimeFolder(t);
  mkdirSync(join(runtime, "elsewhere"), { mode: 0o700 });
  symlinkSync(join(runtime, "elsewhere"), join(runtime, "brigade"));
  assert.throws(() => socketFolder({ XDG_RUNTIME_DIR: runtime }), /it is no folder/);
});
