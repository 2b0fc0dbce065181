import { type BrokerBench, conformance } from "./conformance/bench.ts";
import { bounds } from "./conformance/bounds.ts";
import { crashes } from "./conformance/crashes.ts";
import { disposal } from "./conformance/disposal.ts";
import { pausing } from "./conformance/pausing.ts";
import { changingPrefetch } from "./conformance/prefetch.ts";
import { standingAside } from "./conformance/standing-aside.ts";
import { travel } from "./conformance/travel.ts";
import { verdicts } from "./conformance/verdicts.ts";

export type { BrokerBench } from "./conformance/bench.ts";

/**
 * What every Broker does. Promises no more than RabbitMQ can keep: no order after a redelivery or a
 * release, depths that follow a little later, delays that end a little later.
 */
export function brokerConformance(name: string, open: () => Promise<BrokerBench>): void {
  const check = conformance(name, open);
  travel(check);
  verdicts(check);
  bounds(check);
  pausing(check);
  standingAside(check);
  changingPrefetch(check);
  crashes(check);
  disposal(check);
}
