import { overLimit, pageLimits } from "./limits.ts";

/** The processor's time that reading one page has taken so far. */
export class WorkTime {
  #spent = 0;

  /** Throws SourceError when the page has used up its time. */
  spend<T>(work: () => T): T {
    const before = process.threadCpuUsage();
    const result = work();
    const { user, system } = process.threadCpuUsage(before);
    this.#spent += (user + system) / 1000;
    if (this.#spent > pageLimits.work)
      throw overLimit(`kept the processor busy for ${pageLimits.work / 1000} s`);
    return result;
  }
}
