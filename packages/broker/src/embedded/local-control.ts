import { type Control, type ControlCarrier, type ControlListener, readControl } from "@brigade/core";

interface Ear {
  readonly sources: ReadonlySet<string>;
  readonly listener: ControlListener;
}

/** Carries control within one process: it is heard before `tell` returns. */
export class LocalControl implements ControlCarrier {
  readonly #ears = new Set<Ear>();

  tell(control: Control): void {
    const heard = readControl(JSON.stringify(control));
    for (const { sources, listener } of [...this.#ears]) if (sources.has(control.source)) listener(heard);
  }

  onControl(
    sources: readonly string[],
    listener: ControlListener,
    onListening?: () => void,
  ): AsyncDisposable {
    const ear = { sources: new Set(sources), listener };
    this.#ears.add(ear);
    onListening?.();
    return {
      [Symbol.asyncDispose]: async () => {
        this.#ears.delete(ear);
      },
    };
  }
}
