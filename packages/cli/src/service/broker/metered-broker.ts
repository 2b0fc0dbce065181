import type { Broker } from "@brigade/core";
import type { Metrics } from "../listening/metrics.ts";
import { withHandlers } from "./wrapped-broker.ts";

/** Returns the same broker. What goes through it is counted in the metrics. */
export function metered(broker: Broker, metrics: Metrics): Broker {
  const counted = withHandlers(broker, (handle, { source, queue }) => async (delivery) => {
    metrics.received(source, queue);
    let outcome = "error";
    try {
      const verdict = await handle(delivery);
      outcome = verdict.kind;
      return verdict;
    } finally {
      metrics.settled(source, queue, outcome);
    }
  });
  return {
    ...counted,
    async publish(messages) {
      await broker.publish(messages);
      for (const message of messages) metrics.published(message);
    },
  };
}
