import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ProcessNode } from "../process-node.ts";

/** Programs that this process has started and that have not ended. */
function running(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "ProcessWrap").length;
}

test("a node that cannot boot leaves no program running", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "brigade-no-rabbitmq-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const server = join(folder, "rabbitmq-server");
  writeFileSync(server, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  writeFileSync(join(folder, "epmd"), "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
  const before = running();
  await assert.rejects(ProcessNode.create(server, {}), /RabbitMQ has ended/);
  assert.equal(running(), before);
});
