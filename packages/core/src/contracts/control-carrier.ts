import type { Control } from "../control/control.ts";
import type { HeardControl } from "../control/read-control.ts";

export type ControlListener = (heard: HeardControl) => void;

/**
 * How services are told what people order. A message may be lost, and is kept nowhere: who tells
 * repeats it. Who listens hears nothing that was told before.
 */
export interface ControlCarrier {
  /** Tells all who listen to its source. What cannot be told now is dropped. Throws nothing. */
  tell(control: Control): void;
  /**
   * Calls the listener with all that is told of these sources from now on, also after a reconnect,
   * until it or its broker is disposed. What cannot be read is not passed on. `onListening` is called
   * when it begins to hear, after each reconnect too.
   */
  onControl(sources: readonly string[], listener: ControlListener, onListening?: () => void): AsyncDisposable;
}
