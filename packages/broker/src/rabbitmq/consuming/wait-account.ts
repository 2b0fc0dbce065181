import type { Job } from "@brigade/core";

/**
 * Messages of a job that this process has put into a wait queue, less those that it has received
 * from one.
 */
export interface Waiting {
  readonly job: string;
  readonly messages: number;
}

/**
 * The broker does not count messages that have waited long enough and find no queue to go to: they
 * are no longer "ready". So each process keeps an account, for the latest job of each source. The
 * sum over all processes still waits.
 */
export class WaitAccount {
  readonly #waiting = new Map<string, Waiting>();

  of(source: string): Waiting | undefined {
    return this.#waiting.get(source);
  }

  put(job: Job, messages: number): void {
    this.#add(job, messages);
  }

  received(job: Job): void {
    this.#add(job, -1);
  }

  #add({ id, source }: Job, messages: number): void {
    const known = this.#waiting.get(source);
    this.#waiting.set(source, { job: id, messages: (known?.job === id ? known.messages : 0) + messages });
  }
}
