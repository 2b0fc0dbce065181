import type { Broker, Delivery, QueueName, Verdict } from "@brigade/core";

export type Handle = (delivery: Delivery) => Promise<Verdict>;

/** Returns the same broker with other handlers of deliveries. */
export function withHandlers(broker: Broker, wrap: (handle: Handle, queue: QueueName) => Handle): Broker {
  return {
    publish: (messages) => broker.publish(messages),
    consume: (queue, options, handle) => broker.consume(queue, options, wrap(handle, queue)),
    depth: (queue) => broker.depth(queue),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}
