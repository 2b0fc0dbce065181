import { codeOf } from "./seen.ts";

/** No address of a host could be connected to: some failed, and some may have been silent. */
export class Unreached extends AggregateError {
  readonly #failed: ReadonlyMap<string, Error>;
  readonly #silent: readonly string[];

  /** `failed`: by the address. */
  constructor(failed: ReadonlyMap<string, Error>, silent: readonly string[] = []) {
    const last = [...failed.values()].at(-1);
    super([...failed.values()], last?.message);
    this.#failed = failed;
    this.#silent = silent;
  }

  /** Returns the result of each address in words; `undefined` if all have the same result. */
  get outcomes(): string | undefined {
    const ends = new Map([...this.#failed].map(([address, error]) => [address, endOf(error)]));
    for (const address of this.#silent) ends.set(address, "no answer in time");
    if (new Set(ends.values()).size < 2) return undefined;
    return [...ends].map(([address, end]) => `${address}: ${end}`).join("; ");
  }
}

function endOf(error: Error): string {
  const code = codeOf(error);
  if (code === "ECONNREFUSED") return "connection refused";
  return code === "ETIMEDOUT" ? "no answer in time" : code || error.message;
}

/** The same for an error that may have such a cause: for the end of a message, or empty. */
export function outcomesOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if (!(error instanceof Unreached)) return outcomesOf(error.cause);
  return error.outcomes === undefined ? "" : ` (${error.outcomes})`;
}
