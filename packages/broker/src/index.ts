export { createEmbeddedBroker, type EmbeddedBroker, type EmbeddedBrokerOptions } from "./embedded/broker.ts";
export type { Busy } from "./embedded/protocol.ts";
