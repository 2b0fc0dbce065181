import type { ObjectBody, ObjectEntry, Source } from "@brigade/core";

/** A body of a few bytes, ended by hand. */
export class ScriptedBody implements ObjectBody {
  readonly size = 3;
  readonly md5 = "a".repeat(32);
  readonly modified = 1;
  readonly validator = undefined;
  readonly objectMd5 = undefined;
  readonly doubt = undefined;
  readonly variant = false;
  readonly #end = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  cancelled = false;

  constructor() {
    // Nobody may be reading when it breaks.
    this.#end.promise.catch(() => {});
  }

  end(): void {
    this.#end.resolve(new Uint8Array([1, 2, 3]));
  }

  break(error: Error): void {
    this.#end.reject(error);
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#end.promise;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, void> {
    yield await this.#end.promise;
  }

  cancel(): void {
    this.cancelled = true;
  }
}

/**
 * A source whose calls answer from a script, one entry a call: a value, or an error to be thrown.
 */
export function scriptedSource(script: (Error | ScriptedBody | "page" | ObjectEntry | undefined)[]) {
  const asked: string[] = [];
  function next<T>(call: string): Promise<T> {
    asked.push(call);
    const answer = script.shift();
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as T);
  }
  const source: Source = {
    fingerprint: "print",
    variant: "!s400",
    manyOrigins: true,
    listPage: (directory) => next(`list ${directory}`),
    open: (object) => next(`open ${object.key}`),
    stat: (key) => next(`stat ${key}`),
  };
  return { source, asked };
}
