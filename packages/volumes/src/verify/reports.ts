import type { BadLine } from "../manifest/read-manifest.ts";
import type { Difference, Problem } from "./difference.ts";

export interface VerifyProgress {
  /** Objects that were looked at, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** How many there are in all; grows while the manifest is read. */
  readonly ofFiles: number;
  readonly ofBytes: number;
  /** Differences that were reported. */
  readonly problems: number;
}

/** What is new. */
export interface VerifyReport {
  readonly differences: readonly Difference[];
  readonly badLines: readonly BadLine[];
  readonly progress: VerifyProgress;
}

/** Time between two reports at least, unless there is much to report. Milliseconds. */
const everyMs = 250;
/** Differences and bad lines that wait to be reported, at most; beyond, the search waits. */
const most = 1000;

/** Gathers what is to be reported, and reports it not faster than the caller reads it. */
export class Reports {
  readonly #send: (report: VerifyReport) => Promise<void>;
  readonly #amounts: () => Omit<VerifyProgress, "problems">;
  readonly #counts: Record<Problem, number> = { missing: 0, size: 0, md5: 0, unreadable: 0, extra: 0 };
  #differences: Difference[] = [];
  #badLines: BadLine[] = [];
  #badLineCount = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #unheard: Promise<void> | undefined;

  /** `send` resolves when the report was heard. */
  constructor(
    send: (report: VerifyReport) => Promise<void>,
    amounts: () => Omit<VerifyProgress, "problems">,
  ) {
    this.#send = send;
    this.#amounts = amounts;
  }

  /** Differences that were reported, by problem. */
  get counts(): Readonly<Record<Problem, number>> {
    return this.#counts;
  }

  get badLineCount(): number {
    return this.#badLineCount;
  }

  addDifference(difference: Difference): void {
    this.#counts[difference.problem] += 1;
    this.#differences.push(difference);
  }

  addBadLine(bad: BadLine): void {
    this.#badLineCount += 1;
    this.#badLines.push(bad);
  }

  /** To be called often: reports what there is, where it is time for that. */
  async breathe(): Promise<void> {
    while (this.#unheard !== undefined && this.#isMuch) await this.#unheard;
    if (this.#unheard !== undefined) return;
    if (this.#isMuch || performance.now() - this.#sentAt >= everyMs) this.#report();
  }

  /** Resolves when all was heard. */
  async flush(): Promise<void> {
    while (this.#unheard !== undefined) await this.#unheard;
    this.#report();
    await this.#unheard;
  }

  get #isMuch(): boolean {
    return this.#differences.length + this.#badLines.length >= most;
  }

  #report(): void {
    const problems = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    const report: VerifyReport = {
      differences: this.#differences,
      badLines: this.#badLines,
      progress: { ...this.#amounts(), problems },
    };
    this.#differences = [];
    this.#badLines = [];
    this.#sentAt = performance.now();
    this.#unheard = this.#send(report).finally(() => {
      this.#unheard = undefined;
    });
  }
}
