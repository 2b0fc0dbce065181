import type { BrokerAdmin } from "./admin/admin.ts";
import type { BrokerAdminOptions } from "./admin/admin-connection.ts";
import type { RabbitBroker, RabbitBrokerOptions } from "./rabbit-broker.ts";

/*
 * Both load their parts, and amqplib, when they are called: 70 modules, which a `copy` does without.
 */

/** As `connectRabbitBroker` of `broker.ts`. */
export async function connectRabbitBroker(options: RabbitBrokerOptions): Promise<RabbitBroker> {
  return await (await import("./broker.ts")).connectRabbitBroker(options);
}

/** As `connectBrokerAdmin` of `admin/admin.ts`. */
export async function connectBrokerAdmin(options: BrokerAdminOptions): Promise<BrokerAdmin> {
  return await (await import("./admin/admin.ts")).connectBrokerAdmin(options);
}
