import type { Control } from "./control.ts";
import type { HeardControl } from "./read-control.ts";

type Listener = (control: Control) => void;

/**
 * What is told of one source, as far as it was heard in this process. It lasts: where nothing more
 * is heard, the last word holds.
 */
export class ControlState {
  readonly #listeners = new Set<Listener>();
  #heard: HeardControl | undefined;
  /** What was heard, without its time. */
  #text = "";

  /** `undefined` as long as nothing was heard. */
  get current(): Control | undefined {
    return this.#heard?.control;
  }

  /** Parts of the last word that only a newer program knows. */
  get unknown(): readonly string[] {
    return this.#heard?.unknown ?? [];
  }

  get isHeld(): boolean {
    return this.current?.hold !== undefined;
  }

  /**
   * An older word than the last one changes nothing: it came late. A repetition is no change. What
   * is not an order (the number of services that work) may change within a revision.
   */
  hear(heard: HeardControl): void {
    const before = this.#heard?.control;
    const { control } = heard;
    if (before !== undefined && isOlder(control, before)) return;
    this.#heard = heard;
    const text = JSON.stringify({ ...control, at: 0 });
    if (text === this.#text) return;
    this.#text = text;
    for (const listener of this.#listeners) listener(control);
  }

  /**
   * Calls back at each change, and at once where something was heard before. Returns what ends it.
   */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.current !== undefined) listener(this.current);
    return () => this.#listeners.delete(listener);
  }
}

function isOlder(one: Control, than: Control): boolean {
  if (one.revision !== than.revision) return one.revision < than.revision;
  return one.at < than.at;
}

/** What is told of all sources of a process. */
export class ControlStates {
  readonly #states = new Map<string, ControlState>();

  of(source: string): ControlState {
    let state = this.#states.get(source);
    if (state === undefined) {
      state = new ControlState();
      this.#states.set(source, state);
    }
    return state;
  }
}
