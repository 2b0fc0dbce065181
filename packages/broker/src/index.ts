export { createEmbeddedBroker, type EmbeddedBroker, type EmbeddedBrokerOptions } from "./embedded/broker.ts";
export type { Busy } from "./embedded/protocol.ts";
export { ManagementApi } from "./management/api.ts";
export type { HarmfulPolicy } from "./management/policies.ts";
export { type BrokerAdmin, connectBrokerAdmin } from "./rabbitmq/admin/admin.ts";
export type { BrokerAdminOptions } from "./rabbitmq/admin/admin-connection.ts";
export type { RabbitDeadLetter } from "./rabbitmq/admin/dead-letters.ts";
export {
  connectRabbitBroker,
  type RabbitBroker,
  type RabbitBrokerOptions,
} from "./rabbitmq/broker.ts";
export type { BrokerState } from "./rabbitmq/connecting/connection-watch.ts";
export { warmUpMs } from "./rabbitmq/topology/queues.ts";
export { brokerVariables } from "./rabbitmq/variables.ts";
