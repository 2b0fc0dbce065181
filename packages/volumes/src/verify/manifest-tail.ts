import { stat } from "node:fs/promises";
import { join } from "node:path";
import { HostError } from "@brigade/core";
import { type BadLine, parseLine, readSegment, segmentsOf } from "../manifest/read-manifest.ts";
import type { ObjectIndex, Position } from "./object-index.ts";

export interface ManifestTailNeeds {
  /** The manifest's. */
  readonly folder: string;
  readonly index: ObjectIndex;
  /** Lines of others are skipped. */
  readonly source: string | undefined;
  readonly onBadLine: (bad: BadLine) => void;
  /** Between two pieces of work. May throw, to stop. */
  readonly pause: () => Promise<void>;
}

/** Reads into the index what was appended to the manifest since the last time. */
export class ManifestTail {
  readonly #needs: ManifestTailNeeds;
  /** Segments whose last line has no end. */
  readonly #torn = new Map<string, { line: number; text: string }>();

  constructor(needs: ManifestTailNeeds) {
    this.#needs = needs;
  }

  async catchUp(): Promise<void> {
    const { folder, index } = this.#needs;
    const known = index.positions();
    for (const segment of await segmentsOf(folder)) {
      const position = known.get(segment) ?? { bytes: 0, lines: 0 };
      known.delete(segment);
      const { size } = await stat(join(folder, segment));
      if (size < position.bytes) throw shrunk(join(folder, segment));
      if (size > position.bytes) await this.#read(segment, position);
    }
    for (const segment of known.keys()) throw shrunk(join(folder, segment));
  }

  /** Takes last lines that lack nothing but their end. The others may still be in the writing. */
  enterTorn(): void {
    for (const [segment, { text }] of this.#torn)
      if (this.#enter(text) === undefined) this.#torn.delete(segment);
  }

  /** Nobody goes on writing these lines any more. */
  reportTorn(): void {
    for (const [segment, { line, text }] of this.#torn) {
      const reason = this.#enter(text);
      if (reason !== undefined) this.#needs.onBadLine({ segment, line, reason });
    }
    this.#torn.clear();
  }

  async #read(segment: string, from: Position): Promise<void> {
    const { folder, index, pause, onBadLine } = this.#needs;
    let { lines } = from;
    this.#torn.delete(segment);
    for await (const { texts, end, torn } of readSegment(join(folder, segment), from.bytes)) {
      if (torn) {
        this.#torn.set(segment, { line: lines + 1, text: texts.join("") });
        break;
      }
      for (const text of texts) {
        lines += 1;
        const reason = this.#enter(text);
        if (reason === undefined) continue;
        index.addBadLine({ segment, line: lines, reason });
        onBadLine({ segment, line: lines, reason });
      }
      index.setPosition(segment, { bytes: end, lines });
      await pause();
    }
  }

  #enter(text: string): string | undefined {
    const { index, source } = this.#needs;
    const line = parseLine(text);
    if (typeof line === "string") return line;
    return source === undefined || line.source === source ? index.enter(line) : undefined;
  }
}

function shrunk(segment: string): HostError {
  return new HostError(
    "io",
    `${segment} has become shorter since it was read: verify the volume again from the start`,
  );
}
