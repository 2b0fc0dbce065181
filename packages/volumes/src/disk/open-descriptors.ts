import { closeSync } from "node:fs";

/** Descriptors that can be noted: those below this number. */
const most = 65_536;

/**
 * The descriptors that a thread has opened by itself. When a thread ends, Node closes only what it has
 * opened for the thread. So these are noted in memory that another thread sees, too.
 */
export class OpenDescriptors {
  readonly shared: SharedArrayBuffer;
  /** By descriptor: 1 if it is open. */
  readonly #isOpen: Uint8Array;

  /** `shared`: that of the other thread. */
  constructor(shared = new SharedArrayBuffer(most)) {
    this.shared = shared;
    this.#isOpen = new Uint8Array(shared);
  }

  add(descriptor: number): void {
    if (descriptor < most) this.#isOpen[descriptor] = 1;
  }

  delete(descriptor: number): void {
    if (descriptor < most) this.#isOpen[descriptor] = 0;
  }

  /** To be called when the thread has ended: closes what it has left open. */
  closeAll(): void {
    for (let at = this.#isOpen.indexOf(1); at !== -1; at = this.#isOpen.indexOf(1, at + 1)) {
      this.#isOpen[at] = 0;
      try {
        closeSync(at);
      } catch {
        // It was being closed when the thread ended.
      }
    }
  }
}
