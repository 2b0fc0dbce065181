import { startNode } from "./start.ts";

/** A broker for tests that leave it as they find it. */
export interface ChosenBroker extends AsyncDisposable {
  readonly url: string;
}

/**
 * Returns the broker at `AMQP_URL` if that is set, else a private node. Prints on stderr which it
 * was.
 */
export async function chooseBroker(): Promise<ChosenBroker> {
  const url = process.env.AMQP_URL;
  if (!url) return await startNode();
  console.error(`RabbitMQ: the broker of AMQP_URL at ${new URL(url).host}`);
  return { url, async [Symbol.asyncDispose]() {} };
}
