import type { Clock } from "../turns/clock.ts";
import type { Turn } from "../turns/turn.ts";
import type { ConnectionLimit } from "./connection-limit.ts";
import { Silence } from "./silence.ts";

/** Milliseconds between checks of requests without an answer. */
const lookEvery = 250;

/** Looks for requests to one server whose connections are not served, and takes them back. */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #connections: ConnectionLimit;
  readonly #onFewer: () => void;
  readonly #silence = new Silence();
  /** Requests that were sent before it was known if some connections are not served. */
  #takenBack = 0;
  #isLooking = false;

  /** `onFewer`: the server serves fewer connections than were opened. */
  constructor(clock: Clock, connections: ConnectionLimit, onFewer: () => void) {
    this.#clock = clock;
    this.#connections = connections;
    this.#onFewer = onFewer;
  }

  sent(turn: Turn): void {
    this.#silence.add(turn);
    if (!this.#isLooking) this.#lookLater();
  }

  answered(turn: Turn): void {
    this.#silence.answered(turn, this.#clock.now());
  }

  ended(turn: Turn): void {
    this.#silence.delete(turn);
  }

  /** Those that wait for a connection. */
  takeBackUnsent(): void {
    for (const turn of this.#silence.unsent()) turn.takeBack();
  }

  #lookLater(): void {
    this.#isLooking = true;
    const due = this.#clock.now() + lookEvery;
    const look = () => {
      this.#isLooking = false;
      // If this process itself was late, answers may have come that it has not read yet.
      if (this.#clock.now() < due + lookEvery) this.#look();
      if (!this.#silence.isEmpty && !this.#isLooking) this.#lookLater();
    };
    this.#clock.ring(lookEvery, look, "watch");
  }

  #look(): void {
    const now = this.#clock.now();
    const starved = this.#silence.starved(now, this.#connections.isLearnt, this.#connections.running);
    this.#takenBack += starved.length;
    if (starved.length > 0 && this.#silence.isAnswering(now)) {
      this.#connections.starved(now, this.#takenBack, this.#silence.served);
      this.#takenBack = 0;
      this.#onFewer();
    }
    for (const turn of starved) turn.takeBack();
  }
}
