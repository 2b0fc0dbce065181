import type { Channel } from "amqplib";

/**
 * Carries what services are told, by the name of the source. Only the ledger may write to it
 * (deploy/broker/start.sh), and only the ledger makes it.
 */
export const controlExchange = "brigade.control";

/**
 * Returns the name of the queue of one listener. deploy/broker/start.sh allows these names only.
 */
export function controlQueue(uuid: string): string {
  return `brigade.control.${uuid}`;
}

export async function makeControlExchange(channel: Channel): Promise<void> {
  await channel.assertExchange(controlExchange, "direct", { durable: true });
}
