import { randomUUID } from "node:crypto";
import { constants, mkdirSync, openSync, statfsSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Floor, floorOf, roomIn, SourceError } from "@brigade/core";

/** The folder for data that is too long for memory: STATE_DIR, or the system's temporary folder. */
export class StateFolder {
  readonly path: string;
  readonly #floor: Floor;

  /** `floor`: the room that stays free on its disk. */
  constructor(path: string | undefined, floor: Floor) {
    this.path = path ?? tmpdir();
    this.#floor = floor;
  }

  /** Makes the folder if it is missing, for its owner alone. */
  make(): void {
    mkdirSync(dirname(this.path), { recursive: true });
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
  }

  /** Opens a file without a name, which is gone when it is closed, or when this process ends. */
  openNameless(): number {
    this.make();
    const name = join(this.path, `page-${randomUUID()}`);
    const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const descriptor = openSync(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    unlinkSync(name);
    return descriptor;
  }

  /** Returns whether its disk has more room than must stay free. */
  get hasRoom(): boolean {
    const room = roomIn(statfsSync(this.path));
    return room.bytes > floorOf(this.#floor, room.totalBytes);
  }

  /** Throws SourceError: the data belongs to a page, which has then failed. */
  assertRoom(): void {
    if (!this.hasRoom)
      throw new SourceError(
        "forbidden",
        `the page of the listing is too long for the disk of ${this.path}: no more than MIN_FREE is free there`,
      );
  }
}
