import { PlaceSearch, type Places } from "@brigade/core";

/** Places at the start, as many as connections that are opened at once. */
const first = 16;
/** Later there are never fewer: with 16 on a fast line, a file takes 7 % more CPU than with 64. */
const enough = 64;
/** What a request costs besides its bytes, in bytes. */
const requestCost = 32 * 1024;
/** Bodies per place that a measurement needs. */
const perPlace = 2;
const fullPart = 1;

/** The places for bodies under way, over all servers of a source. */
export class BodyPlaces {
  /** More than these are never under way. */
  readonly most: number;
  readonly #now: () => number;
  /** `undefined` if the number is fixed. */
  readonly #search: PlaceSearch | undefined;
  #running = 0;
  /** Under way in the threads of volumes. */
  #inThreads = 0;
  #received = 0;

  /** `now`: monotonic milliseconds. */
  constructor({ most, isSought }: Places, now: () => number) {
    this.most = most;
    this.#now = now;
    this.#search = isSought
      ? new PlaceSearch({ first, enough, most, requestCost, perPlace, fullPart })
      : undefined;
  }

  /** The number of places at this moment. */
  get limit(): number {
    return this.#search?.limit ?? this.most;
  }

  get running(): number {
    return this.#running + this.#inThreads;
  }

  get isFull(): boolean {
    return this.running >= this.limit;
  }

  /** Places for threads of volumes: those that no other request has. */
  get forThreads(): number {
    return Math.max(0, this.limit - this.#running);
  }

  /** Whether the number is the greatest that the configuration allows. */
  get isAtMost(): boolean {
    return this.limit >= this.most;
  }

  /** Whether all places are used: lately, or at this moment if the number is fixed. */
  get isShort(): boolean {
    return this.#search?.isShort ?? this.isFull;
  }

  /** Bytes of all answers. */
  get bytes(): number {
    return this.#received;
  }

  received(bytes: number): void {
    this.#received += bytes;
  }

  enter(): void {
    this.#running++;
  }

  /** Requests under way in the threads of volumes. */
  set inThreads(running: number) {
    this.#inThreads = running;
  }

  /** A body came by the thread of a volume. */
  arrivedInThread(bytes: number): void {
    this.#received += bytes;
    this.#search?.ended(this.#now(), this.#received, this.running);
  }

  /** Returns true if a body may begin now that could not before. */
  leave(): boolean {
    const wasFull = this.isFull;
    this.#search?.ended(this.#now(), this.#received, this.#running);
    this.#running--;
    return wasFull && !this.isFull;
  }
}
