import type { ChannelModel } from "amqplib";

/** Bytes of deliveries that wait for a place, per connection, before no more is read. */
const mostWaiting = 2 ** 20;

/** What of amqplib's connection is used here; its types lack these members. */
interface Connection {
  readonly stream: { read(size?: number): Buffer | null; emit(event: "readable"): boolean };
  recvSinceLastCheck: boolean;
}

/**
 * The bound on bytes that a connection brings in advance. AMQP bounds the number of deliveries
 * only, and 512 may have 8 MiB each. While more than `mostWaiting` wait, the socket is not read:
 * TCP holds the rest back at the broker.
 */
export class Intake {
  readonly #connection: Connection;
  #waiting = 0;

  constructor(model: ChannelModel) {
    this.#connection = model.connection as unknown as Connection;
    this.#holdBack();
    this.#keepAlive();
  }

  /** `bytes`: how many more of them wait; negative if fewer. */
  add(bytes: number): void {
    const wasFull = this.#isFull;
    this.#waiting += bytes;
    // Not at once: the caller is in the midst of what it does with a delivery.
    if (wasFull && !this.#isFull) setImmediate(() => this.#connection.stream.emit("readable"));
  }

  get #isFull(): boolean {
    return this.#waiting > mostWaiting;
  }

  /** amqplib reads with `stream.read()` after each event `readable`, and stops at `null`. */
  #holdBack(): void {
    const { stream } = this.#connection;
    const read = stream.read.bind(stream);
    stream.read = (size) => (this.#isFull ? null : read(size));
  }

  /** What is not read is no silence: amqplib would close the connection after two heartbeats. */
  #keepAlive(): void {
    let received = this.#connection.recvSinceLastCheck;
    Object.defineProperty(this.#connection, "recvSinceLastCheck", {
      get: () => received || this.#isFull,
      set: (value: boolean) => {
        received = value;
      },
    });
  }
}
