import {
  createEmbeddedBroker as create,
  type EmbeddedBroker,
  type EmbeddedBrokerOptions,
} from "@brigade/broker";
import { note } from "./noting.ts";

export * from "@brigade/broker";

/**
 * The real broker; results are noted when it has confirmed them.
 * @public `brigade` gets it in place of the package's
 */
export async function createEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const broker = await create(options);
  const publish = broker.publish.bind(broker);
  return Object.assign(broker, {
    async publish(messages) {
      await publish(messages);
      for (const message of messages) {
        if (message.type !== "result") continue;
        for (const { page, objects } of message.pages)
          for (const { index } of objects) note({ kind: "published", page, index });
      }
    },
  } satisfies Partial<EmbeddedBroker>);
}
