import { randomUUID } from "node:crypto";
import { constants, mkdirSync, openSync, statfsSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Floor, floorOf, roomIn, SourceError } from "@brigade/core";

/** Where a source puts what is too long for memory: STATE_DIR, or the system's folder for such things. */
export class StateFolder {
  readonly path: string;
  readonly #floor: Floor;

  /** `floor`: what is to stay free on its disk. */
  constructor(path: string | undefined, floor: Floor) {
    this.path = path ?? tmpdir();
    this.#floor = floor;
  }

  /** Where it is not there: for its owner alone. */
  make(): void {
    mkdirSync(dirname(this.path), { recursive: true });
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
  }

  /** A file that nobody else sees, and that ends when it is closed, or with this process. */
  openNameless(): number {
    this.make();
    const name = join(this.path, `page-${randomUUID()}`);
    const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const descriptor = openSync(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    unlinkSync(name);
    return descriptor;
  }

  /** Whether its disk has more room than is to stay free. */
  get hasRoom(): boolean {
    const room = roomIn(statfsSync(this.path));
    return room.bytes > floorOf(this.#floor, room.totalBytes);
  }

  /** Throws SourceError: what was to be written is of a page, which has failed then. */
  assertRoom(): void {
    if (!this.hasRoom)
      throw new SourceError(
        "forbidden",
        `the page of the listing is too long for the disk of ${this.path}: no more than MIN_FREE is free there`,
      );
  }
}
