import assert from "node:assert/strict";
import type { HeardControl } from "@brigade/core";
import { connect } from "amqplib";
import type { RabbitBroker } from "../../../src/rabbitmq/rabbit-broker.ts";
import { becomes } from "../../conformance/bench.ts";
import { controlConformance, controlTo, tellUntil } from "../../control-conformance.ts";
import { RabbitBench } from "../bench.ts";
import { isRefused, node, rightsTest, urlOf } from "../users.ts";

controlConformance("rabbitmq", async () => {
  const bench = await RabbitBench.bare(node.url);
  const relay = await bench.relay();
  const teller = await bench.connect({ url: urlOf("ledger") });
  const url = new URL(urlOf("downloader"));
  url.host = new URL(relay.url).host;
  const hearer = await bench.connect({ url: url.href });
  return {
    teller,
    hearer,
    cut: async () => {
      relay.cut();
      await becomesConnecting(hearer);
      relay.mend();
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
});

async function becomesConnecting(broker: RabbitBroker): Promise<void> {
  while (broker.state !== "connecting") await new Promise(setImmediate);
}

rightsTest("lister and downloader hear what is told, and cannot tell it", async (bench, context) => {
  const ledger = await bench.connect({ url: urlOf("ledger") });
  for (const user of ["lister", "downloader", "downloader-attic"]) {
    const heard: HeardControl[] = [];
    const service = await bench.connect({ url: urlOf(user) });
    await using _ = service.onControl([bench.source], (one) => heard.push(one));
    await tellUntil(
      () => heard.length > 0,
      () => ledger.tell(controlTo(bench.source, 1)),
    );
    bench.log.take();
    service.tell(controlTo(bench.source, 2));
    await becomes(() => bench.log.lines.length > 0, context);
    assert.match(bench.log.take().join(), /does not let us tell services what is ordered/);
    const connection = await connect(urlOf(user));
    connection.on("error", () => {});
    const channel = await connection.createConfirmChannel();
    const published = new Promise<void>((resolve, reject) => {
      channel.on("error", reject);
      channel.publish("brigade.control", bench.source, Buffer.from("{}"), {}, (error) =>
        error ? reject(error) : resolve(),
      );
    });
    await assert.rejects(published, isRefused);
    await connection.close().catch(() => undefined); // the refusal may have closed it
    assert.equal(
      heard.some(({ control }) => control.revision === 2),
      false,
    );
  }
  assert.deepEqual(bench.errors, []);
});
