import { Duplex } from "node:stream";
import type { ChannelModel } from "amqplib";
import { untilAborted } from "./until-aborted.ts";

/** Milliseconds that closing a channel or a connection may take. */
const partWithin = 5_000;

/** Resolves with whether the closing was answered in time. If it was not, that is no error. */
export async function part(farewell: Promise<void>): Promise<boolean> {
  return await untilAborted(farewell, AbortSignal.timeout(partWithin)).then(
    () => true,
    () => false,
  );
}

/**
 * Cuts the connection if closing is not answered: a broker with an alarm reads nothing from
 * publishers.
 */
export async function closeConnection(model: ChannelModel): Promise<void> {
  if (await part(model.close())) return;
  const { connection } = model;
  // amqplib has no other way to end a connection without the broker's answer.
  if ("stream" in connection && connection.stream instanceof Duplex)
    connection.stream.destroy(new Error("the broker does not answer the farewell"));
}
