/* What is used of WebAssembly's interface: neither Node's types nor the compiler's library without a browser have it. */

declare namespace WebAssembly {
  class Memory {
    /** `initial`, `maximum`: pages of 64 KiB. */
    constructor(size: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }
  class Instance {
    constructor(module: Module, imports: { readonly [room: string]: { readonly [name: string]: Memory } });
    readonly exports: { readonly [name: string]: unknown };
  }
}
