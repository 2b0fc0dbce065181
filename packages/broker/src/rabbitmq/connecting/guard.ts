import type { Channel } from "amqplib";
import type { Life } from "./link.ts";

/** Whatever ends this channel ends the life that depends on it. Without these listeners, it would end the process. */
export function guard<C extends Channel>(channel: C, life: Pick<Life, "lose">): C {
  channel.on("error", (error) => life.lose(error));
  channel.on("handler-error", (error) => life.lose(error));
  channel.on("close", () => life.lose(new Error("the channel was closed")));
  return channel;
}
