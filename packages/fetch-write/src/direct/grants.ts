import type { DirectVolume } from "@brigade/volumes";

/** A thread keeps its place for this number of calls of `share`, if there are fewer than threads. */
const sharesPerTurn = 50;

/** What one thread may have under way. */
interface Grant {
  places: number;
  /** More may be under way than `places` until the thread has answered: its number was lowered. */
  atMost: number;
  /** Messages with fewer places that the thread has not answered. */
  unanswered: number;
}

/**
 * Shares the places of one source among threads. What one thread is to have less, another gets only
 * when the first one has reported that it is free: so all together never have more.
 */
export class Grants {
  readonly #source: string;
  readonly #grants = new Map<DirectVolume, Grant>();
  #turn = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** To be called often: numbers change all the time. `threads`: those that have work. */
  share(all: number, threads: readonly DirectVolume[]): void {
    this.#turn++;
    const each = Math.floor(all / threads.length);
    // If there are fewer places than threads, each thread gets one in turn.
    const first = each > 0 ? 0 : Math.floor(this.#turn / sharesPerTurn);
    const wanted = threads.map((thread, at) => {
      const isMore = (at + first) % threads.length < all % threads.length;
      return [thread, each + (isMore ? 1 : 0)] as const;
    });
    for (const [thread, places] of wanted) if (places < this.#of(thread).places) this.#lower(thread, places);
    let free = all;
    for (const thread of this.#grants.keys()) free -= this.#heldBy(thread);
    for (const [thread, places] of wanted) {
      const grant = this.#of(thread);
      const more = Math.min(places - grant.places, free);
      if (more <= 0) continue;
      free -= more;
      grant.places += more;
      void thread.setPlaces(this.#source, grant.places);
    }
  }

  /** A thread has no work, and so nothing under way. */
  leave(thread: DirectVolume): void {
    this.#grants.delete(thread);
  }

  placesOf(thread: DirectVolume): number {
    return this.#of(thread).places;
  }

  #lower(thread: DirectVolume, places: number): void {
    const grant = this.#of(thread);
    grant.atMost = Math.max(grant.places, grant.unanswered > 0 ? grant.atMost : 0);
    grant.places = places;
    grant.unanswered++;
    void thread.setPlaces(this.#source, places).then(() => {
      grant.unanswered--;
    });
  }

  /** Returns what a thread may have under way, as far as it is known. */
  #heldBy(thread: DirectVolume): number {
    const { places, atMost, unanswered } = this.#of(thread);
    if (unanswered > 0) return Math.max(places, atMost);
    return Math.max(places, thread.countsOf(this.#source)?.running ?? 0);
  }

  #of(thread: DirectVolume): Grant {
    let grant = this.#grants.get(thread);
    if (grant === undefined) {
      grant = { places: 0, atMost: 0, unanswered: 0 };
      this.#grants.set(thread, grant);
    }
    return grant;
  }
}
