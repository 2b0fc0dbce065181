import assert from "node:assert/strict";
import { test } from "node:test";
import { startNode } from "../index.ts";

/** Programs that this process has started and that have not ended. */
function running(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "ProcessWrap").length;
}

test("a node that cannot boot leaves no program running", async (t) => {
  if (process.env.RABBITMQ_TEST_IMAGE) return t.skip("a container is not ours to leave behind");
  const before = running();
  await assert.rejects(startNode({ config: "no.such.setting = 1" }), /RabbitMQ has ended/);
  assert.equal(running(), before);
});
