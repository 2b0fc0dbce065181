import { Duplex } from "node:stream";
import type { ChannelModel } from "amqplib";
import { untilAborted } from "./until-aborted.ts";

/** Milliseconds. */
const partWithin = 5_000;

/** A farewell that is not answered, or comes too late, is no error. Resolves with whether it was answered. */
export async function part(farewell: Promise<void>): Promise<boolean> {
  return await untilAborted(farewell, AbortSignal.timeout(partWithin)).then(
    () => true,
    () => false,
  );
}

/** A broker that has an alarm reads no farewell from those who publish: their connection is cut off. */
export async function closeConnection(model: ChannelModel): Promise<void> {
  if (await part(model.close())) return;
  const { connection } = model;
  // The client library offers no other way to end it without the broker's answer.
  if ("stream" in connection && connection.stream instanceof Duplex)
    connection.stream.destroy(new Error("the broker does not answer the farewell"));
}
