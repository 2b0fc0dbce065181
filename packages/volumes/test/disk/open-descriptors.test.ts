import assert from "node:assert/strict";
import { fstatSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { loadNameless } from "../../src/disk/nameless.ts";
import { OpenDescriptors } from "../../src/disk/open-descriptors.ts";
import { scratchFolder } from "../scratch.ts";

/** Opens 100 files without names in a thread that dies, and resolves with their descriptors. */
async function openedByDeadThread(t: TestContext, open: OpenDescriptors): Promise<readonly number[]> {
  const nameless = new URL("../../src/disk/nameless.ts", import.meta.url).href;
  const noted = new URL("../../src/disk/open-descriptors.ts", import.meta.url).href;
  const code = `
    const { workerData, parentPort } = require("node:worker_threads");
    void (async () => {
      const { loadNameless } = await import(${JSON.stringify(nameless)});
      const { OpenDescriptors } = await import(${JSON.stringify(noted)});
      const files = await loadNameless(new OpenDescriptors(workerData.shared));
      const all = Array.from({ length: 101 }, () => files.open(workerData.folder));
      files.close(all.pop());
      parentPort.postMessage(all);
      setInterval(() => {}, 1000);
    })();`;
  const workerData = { shared: open.shared, folder: scratchFolder(t) };
  const worker = new Worker(code, { eval: true, workerData });
  const descriptors = await new Promise<readonly number[]>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  return descriptors;
}

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}

test("files without names that a dead thread has left open are closed", async (t) => {
  assert.ok(await loadNameless(), "this system has files without names");
  const open = new OpenDescriptors();
  const descriptors = await openedByDeadThread(t, open);
  assert.equal(descriptors.length, 100);
  assert.ok(descriptors.every(isOpen), "Node does not close them");
  open.closeAll();
  assert.ok(!descriptors.some(isOpen));
});
