import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { memoryLimit } from "../../src/limits/memory-limit.ts";

const mib = 2 ** 20;

/** Files as proc and sys have them. */
function system(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "brigade-limits-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

test("control groups of version 2: the narrowest limit from the process's group upwards counts", (t) => {
  const root = system(t, {
    "proc/self/cgroup": "0::/shop/brigade",
    "sys/fs/cgroup/shop/memory.max": String(300 * mib),
    "sys/fs/cgroup/shop/brigade/memory.max": "max",
  });
  assert.equal(memoryLimit(root), 300 * mib);
});

test("in a container of version 2 the tree's root is its own group", (t) => {
  const root = system(t, {
    "proc/self/cgroup": "0::/../elsewhere",
    "sys/fs/cgroup/memory.max": String(256 * mib),
  });
  assert.equal(memoryLimit(root), 256 * mib);
});

test("control groups of version 1: the memory controller's own tree counts", (t) => {
  const root = system(t, {
    "proc/self/cgroup": "5:cpu,cpuacct:/other\n4:memory:/docker/abc\n0::/",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
    "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": String(512 * mib),
  });
  assert.equal(memoryLimit(root), 512 * mib);
});

test("memory is not limited where no group has a limit, or there are no groups", (t) => {
  const unlimited = { "sys/fs/cgroup/memory.max": "max" };
  assert.equal(memoryLimit(system(t, { "proc/self/cgroup": "0::/", ...unlimited })), undefined);
  assert.equal(memoryLimit(system(t, {})), undefined);
});
