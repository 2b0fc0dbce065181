import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import { type Breaks, describeBreak } from "../tables/breaks.ts";
import type { Jobs } from "../tables/jobs.ts";
import { addCounts, noCounts, sums } from "../tables/totals.ts";
import type { DirectoryHole, FailedDirectory, PageHole, Proof } from "../wire/proof.ts";
import { choose, missingOf, mostDetails, type Visit, visitsOf, type Walk } from "./proof-walks.ts";

/**
 * Proves that everything of a job is accounted for, or names the holes. A proof goes through every
 * directory and page of the job; it takes nothing from counters but the bytes, which pages keep.
 *
 * It goes from the root on: the root is known from the start, and whatever a page names is known
 * with that page. So if every known directory has its whole walk, everything that can be reached
 * from the root has.
 */
export class Proofs {
  readonly #db: DatabaseSync;
  readonly #jobs: Jobs;
  readonly #breaks: Breaks;
  readonly #path: StatementSync;

  constructor(db: DatabaseSync, { jobs, breaks }: { readonly jobs: Jobs; readonly breaks: Breaks }) {
    this.#db = db;
    this.#jobs = jobs;
    this.#breaks = breaks;
    this.#path = db.prepare("select path from directories where n = ?");
  }

  /** `examples`: of each kind of hole, at most. Throws ConfigError when the job was pruned. */
  proof(job: string, examples: number): Proof {
    const found = new Findings((directory) => String(this.#path.get(directory)?.path), examples);
    for (const visit of visitsOf(this.#db, this.#breaks, this.#jobs.detailed(job).n)) found.add(visit);
    return found.proof();
  }
}

/** What was found in the directories that were looked at. */
class Findings {
  readonly #pathOf: (directory: number) => string;
  readonly #directories: Collection<DirectoryHole>;
  readonly #pages: Collection<PageHole>;
  readonly #failedDirectories: Collection<FailedDirectory>;
  readonly #unnamed: Collection<string>;
  readonly #total = noCounts();
  #known = 0;
  #pageCount = 0;
  #openObjects = 0;

  constructor(pathOf: (directory: number) => string, examples: number) {
    this.#pathOf = pathOf;
    this.#directories = new Collection(examples);
    this.#pages = new Collection(examples);
    this.#failedDirectories = new Collection(examples);
    this.#unnamed = new Collection(examples);
  }

  add({ directory, named, walks }: Visit): void {
    const path = () => this.#pathOf(directory);
    this.#known++;
    if (!named) this.#unnamed.add(path);
    const walk = choose(walks);
    if (walk === undefined) {
      this.#directories.add(() => ({ directory: path(), missing: [{ from: 1, to: 1 }] }));
    } else this.#addWalk(path, walk);
  }

  #addWalk(path: () => string, walk: Walk): void {
    this.#pageCount += walk.pages;
    this.#openObjects += walk.openObjects;
    addCounts(this.#total, walk.counts, 1);
    const missing = missingOf(walk).slice(0, mostDetails);
    if (missing.length > 0) this.#directories.add(() => ({ directory: path(), walk: walk.walk, missing }));
    const [broken] = walk.breaks;
    if (broken !== undefined) {
      const { page, reason } = broken;
      const at = { walk: walk.walk, ...describeBreak(page), reason };
      this.#failedDirectories.add(() => ({ directory: path(), ...at }));
    }
    this.#pages.total += walk.openPageCount - walk.openPages.length;
    for (const open of walk.openPages) this.#pages.add(() => ({ directory: path(), ...open }));
  }

  proof(): Proof {
    const holes = this.#directories.total + this.#pages.total + this.#failedDirectories.total;
    return {
      complete: this.#known > 0 && holes === 0,
      directories: this.#known,
      pages: this.#pageCount,
      ...sums(this.#total),
      holes: {
        directories: this.#directories.result(),
        pages: { ...this.#pages.result(), objects: this.#openObjects },
        failedDirectories: this.#failedDirectories.result(),
      },
      unnamed: this.#unnamed.result(),
    };
  }
}

/** Counts all holes of a kind, and keeps the first ones as examples. */
class Collection<T> {
  total = 0;
  readonly #examples: T[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(example: () => T): void {
    this.total++;
    if (this.#examples.length < this.#most) this.#examples.push(example());
  }

  result(): { total: number; examples: readonly T[] } {
    return { total: this.total, examples: this.#examples };
  }
}
