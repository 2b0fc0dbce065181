import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { loadSyncfs } from "../../src/disk/syncfs.ts";

test("syncfs returns the system's error of each call, also of several at once; where it is missing there is a reason", async () => {
  const syncfs = await loadSyncfs();
  if (typeof syncfs === "string") {
    assert.notEqual(process.platform, "linux", syncfs);
    return;
  }
  const folder = openSync(tmpdir(), "r");
  const settled = await Promise.allSettled([folder, -1, folder, -1].map((descriptor) => syncfs(descriptor)));
  closeSync(folder);
  assert.deepEqual(
    settled.map((one) => (one.status === "rejected" ? one.reason.code : "done")),
    ["done", "EBADF", "done", "EBADF"],
  );
});
