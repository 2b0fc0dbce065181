import type { Control } from "../control/control.ts";
import type { ControlState } from "../control/control-state.ts";
import { inWords } from "../control/in-words.ts";
import type { Valve } from "./valve.ts";

interface ObedienceParts {
  readonly control?: Pick<ControlState, "onChange"> | undefined;
  /** This machine, as orders name it. */
  readonly host: string;
}

/** Closes the valve of a consumer while people have paused its source, or drain its host. */
export class Obedience implements Disposable {
  readonly #valve: Valve;
  readonly #host: string;
  readonly #forget: () => void;
  /** As the valve was closed with them. */
  #reasons: readonly string[] = [];

  constructor(valve: Valve, { control, host }: ObedienceParts) {
    this.#valve = valve;
    this.#host = host;
    this.#forget = control?.onChange((told) => this.#obey(told)) ?? (() => {});
  }

  [Symbol.dispose](): void {
    this.#forget();
  }

  #obey({ hold, drainedHosts }: Control): void {
    const drained = drainedHosts.find(({ host }) => host === this.#host);
    const reasons = [
      ...(hold === undefined ? [] : [inWords("paused", hold)]),
      ...(drained === undefined ? [] : [inWords(`${this.#host} is drained`, drained)]),
    ];
    // First what holds now, so that it is never open between two reasons.
    for (const reason of reasons) void this.#valve.close(reason);
    for (const reason of this.#reasons) if (!reasons.includes(reason)) void this.#valve.open(reason);
    this.#reasons = reasons;
  }
}
