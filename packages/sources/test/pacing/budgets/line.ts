import type { Pacing } from "../../../src/pacing/pacing.ts";
import type { HeldBody } from "../../../src/pacing/turns/account.ts";
import type { Turn } from "../../../src/pacing/turns/turn.ts";
import { signal } from "../../scenario.ts";
import { setup } from "../scene.ts";

/** Bytes of one read. */
const read = 64 * 1024;

export interface LineOptions {
  /** Bytes of the bodies, in turn. */
  readonly sizes: readonly number[];
  /** Milliseconds until a body begins. */
  readonly delayMs: number;
  /** Of all bodies together. */
  readonly bytesPerMs: number;
}

class Body implements HeldBody {
  readonly turn: Turn;
  readonly beginsAt: number;
  left: number;
  isHeld = false;

  constructor(turn: Turn, size: number, beginsAt: number) {
    this.turn = turn;
    this.left = size;
    this.beginsAt = beginsAt;
  }

  release(): void {
    this.isHeld = false;
  }
}

/** Bodies that come over a line, one after the other in each place, in a time that is made up. */
export class Line {
  readonly pacing: Pacing;
  /** Bytes of all bodies. */
  came = 0;
  /** Bodies that are whole. */
  ended = 0;
  readonly #options: LineOptions;
  readonly #pass: (ms: number) => Promise<void>;
  readonly #bodies = new Set<Body>();
  #now = 0;
  #asked = 0;

  constructor(places: number, options: LineOptions) {
    const { pacing, pass } = setup(places);
    this.pacing = pacing;
    this.#pass = pass;
    this.#options = options;
    for (let place = 0; place < places; place++) this.#ask();
  }

  async run(ms: number): Promise<void> {
    for (const end = this.#now + ms; this.#now < end; this.#now++) {
      this.#read();
      await this.#pass(1);
    }
  }

  #ask(): void {
    const size = this.#options.sizes[this.#asked++ % this.#options.sizes.length] ?? 0;
    const begin = (turn: Turn) => {
      this.#bodies.add(new Body(turn, size, this.#now + this.#options.delayMs));
    };
    const turn = this.pacing.of("http://a").enter("body", signal());
    if (turn instanceof Promise) void turn.then(begin);
    else begin(turn);
  }

  #read(): void {
    let room = this.#options.bytesPerMs;
    for (const body of this.#bodies) {
      if (body.isHeld || body.beginsAt > this.#now || room <= 0) continue;
      const bytes = Math.min(read, body.left, room);
      room -= bytes;
      this.#came(body, bytes);
    }
  }

  #came(body: Body, bytes: number): void {
    const { turn } = body;
    if (turn.came === 0) turn.answered(200);
    this.came += bytes;
    body.left -= bytes;
    const isOver = turn.received(bytes);
    if (body.left > 0) {
      if (isOver) body.isHeld = turn.hold(body);
      return;
    }
    this.#bodies.delete(body);
    this.ended++;
    turn.ended();
    this.#ask();
  }
}
