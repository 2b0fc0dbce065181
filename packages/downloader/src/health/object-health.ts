import {
  type Broker,
  classify,
  FatalError,
  type FilesMessage,
  type Log,
  type ObjectEntry,
  type OutageParts,
  type Placement,
  type Source,
  SourceError,
  SourceHealth,
  type Witness,
} from "@brigade/core";
import { smallBody } from "../memory/body-size.ts";
import { Refusals } from "./refusals.ts";

export interface ObjectHealthParts extends Omit<OutageParts, "probe"> {
  /** Without waits: probes are sent to it directly. */
  readonly source: Source;
  readonly name: string;
  readonly broker: Broker;
  readonly placement: Placement;
  readonly log: Log;
}

export interface ObjectHealthOptions {
  /** Milliseconds. */
  readonly outageLimit: number;
  /**
   * Whether to give up if everything is refused from the first object on. Otherwise fetching
   * pauses.
   */
  readonly endsWhenAllIsRefused: boolean;
}

/** Objects of earlier runs that are looked up, in the manifests of all volumes together. */
const ofEarlierRuns = 16;

/** Whether a source gives its objects, and whose fault it is if one does not come. */
export class ObjectHealth {
  readonly #parts: ObjectHealthParts;
  readonly #health: SourceHealth<ObjectEntry>;
  readonly #refusals: Refusals;
  #prefix: string | undefined;
  #earlier: Promise<readonly ObjectEntry[]> | undefined;

  constructor(parts: ObjectHealthParts, options: ObjectHealthOptions) {
    this.#parts = parts;
    const { source, broker, name } = parts;
    this.#health = new SourceHealth<ObjectEntry>(
      {
        ...parts,
        ask: (object, signal) => this.#ask(object, signal),
        list: async ({ key }, signal) => {
          await source.listPage(this.#prefix ?? directoryOf(key), undefined, signal);
        },
        ofEarlierRuns: () => {
          this.#earlier ??= this.#sample();
          return this.#earlier;
        },
      },
      { limitMs: options.outageLimit, manyOrigins: source.manyOrigins },
    );
    this.#refusals = new Refusals({
      ...parts,
      health: this.#health,
      ahead: async () => {
        const [files, directories] = await Promise.all([
          broker.depth({ source: name, queue: "files" }),
          broker.depth({ source: name, queue: "directories" }),
        ]);
        return { files, directories };
      },
      onAllRefused: (error, objects) => {
        const reason = `it refused the first ${objects} objects, and gave none: ${error.message}`;
        if (options.endsWhenAllIsRefused)
          this.#health.giveUp(new FatalError(`the source refuses everything: ${reason}`, { cause: error }));
        else this.#health.pause({ reason, isBan: true });
      },
    });
  }

  get isPaused(): boolean {
    return this.#health.isPaused;
  }

  /** Called with the message whose objects are requested from now on. */
  serve({ job, witnesses }: FilesMessage): void {
    this.#prefix = job.prefix;
    if (witnesses !== undefined) this.listedUnchanged(witnesses);
  }

  /** Called with objects that earlier runs stored and that are listed unchanged. */
  listedUnchanged(witnesses: readonly Witness[]): void {
    this.#health.witnesses.addUnchanged(witnesses);
  }

  /** Returns when a request is begun, for `answered` and `isOwn`. */
  begin(): number {
    return this.#health.begin();
  }

  /** The bytes of an object came, and are on their way to a disk. */
  arrived(object: ObjectEntry): void {
    this.#refusals.arrived();
    this.#health.came(object);
  }

  /** Called when the object is stored; or, with `isGone`, when the store has it no more. */
  answered(begunAt: number, object: ObjectEntry, { isGone = false } = {}): void {
    const isWitness = !isGone && ((object.size ?? 0) <= smallBody || !this.#health.hasWitness);
    this.#health.succeeded(begunAt, object, isWitness);
  }

  /**
   * Throws what the object was refused with, if it is not known yet whose fault that was: it need
   * not be asked for again.
   */
  assertNotRefused(object: ObjectEntry): void {
    const refusal = this.#refusals.refusalOf(object);
    if (refusal !== undefined) throw refusal;
  }

  /** Whether it is the object's own fault that it did not come. */
  async isOwn(object: ObjectEntry, error: SourceError, begunAt: number): Promise<boolean> {
    const judgement = await this.#health.judge(object, error, begunAt);
    if (judgement !== "unknown") return judgement === "own";
    return await this.#refusals.isOwn(object, error, begunAt);
  }

  /**
   * Asks for the object's bytes. Headers are not enough: a source may answer and then break off
   * every body. "It is gone" is an answer too, if the store's metadata says the same.
   */
  async #ask(object: ObjectEntry, signal: AbortSignal): Promise<void> {
    const { source } = this.#parts;
    try {
      const body = await source.open(object, undefined, signal);
      const size = body.size ?? (body.variant ? undefined : object.size);
      if ((size ?? Number.POSITIVE_INFINITY) <= smallBody) await body.bytes();
      else for await (const _ of body.chunks()) break;
    } catch (error) {
      const missing = error instanceof SourceError && error.kind === "missing";
      if (!missing || (await source.stat(object.key, signal)) !== undefined) throw error;
    }
  }

  /**
   * From a different place of each volume's sample: what was stored at one time, on all volumes,
   * may have changed together since, or be refused together.
   */
  async #sample(): Promise<readonly ObjectEntry[]> {
    const { placement, name, log } = this.#parts;
    const volumes = placement.volumes.filter((volume) => !volume.isFresh(name));
    const found = await Promise.all(
      volumes.map(async (volume) => {
        try {
          return await volume.sample(name, ofEarlierRuns);
        } catch (error) {
          if (classify(error).fault === "bug") throw error;
          log.debug({ volume: volume.label, reason: String(error) }, "a volume cannot say what was stored");
          return [];
        }
      }),
    );
    const spread = Array.from({ length: ofEarlierRuns }, (_, n) => found[n % found.length]?.[n] ?? []).flat();
    return [...new Set([...spread, ...found.flat()])].slice(0, ofEarlierRuns);
  }
}

function directoryOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf("/")));
}
