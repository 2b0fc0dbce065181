import { type Allocate, type NextSlab, type ObjectBody, SourceError } from "@brigade/core";
import { checkedFirst } from "./first-bytes.ts";
import type { ResponseBody } from "./response-body.ts";
import { sniffedBytes } from "./soft-error.ts";

/** The headers' description of a body. */
export type BodyTraits = Pick<
  ObjectBody,
  "md5" | "modified" | "variant" | "validator" | "objectMd5" | "doubt"
> & {
  /** Bytes that come, if another header than Content-Length has the number. */
  readonly size?: number | undefined;
};

/** Checks of the bytes themselves. */
export interface BodyChecks {
  /** Throws if these first bytes of the body are not the object's. */
  readonly first?: ((bytes: Uint8Array) => void) | undefined;
  /** Bytes that must come, if the end of the body proves nothing. */
  readonly length?: number | undefined;
  /** For errors: "get a.jpg". */
  readonly what: string;
}

/** For a body of which only the length is known: no digest, no date, no state. */
export const noTraits: BodyTraits = {
  md5: undefined,
  modified: undefined,
  variant: false,
  validator: undefined,
  objectMd5: undefined,
  doubt: undefined,
};

/**
 * The body of an answer that was accepted. Throws SourceError `damaged` or `forbidden` when a check
 * fails.
 */
export class CheckedBody implements ObjectBody {
  readonly size: number | undefined;
  readonly md5: string | undefined;
  readonly modified: number | undefined;
  readonly variant: boolean;
  readonly validator: string | undefined;
  readonly objectMd5: string | undefined;
  readonly doubt: string | undefined;
  readonly #body: ResponseBody;
  readonly #checks: BodyChecks | undefined;

  constructor(body: ResponseBody, traits: BodyTraits, checks?: BodyChecks) {
    this.size = traits.size ?? body.length;
    this.md5 = traits.md5;
    this.modified = traits.modified;
    this.variant = traits.variant;
    this.validator = traits.validator;
    this.objectMd5 = traits.objectMd5;
    this.doubt = traits.doubt;
    this.#body = body;
    this.#checks = checks?.first === undefined && checks?.length === undefined ? undefined : checks;
  }

  bytes(allocate?: Allocate): Promise<Uint8Array> {
    const bytes = this.#body.bytes(allocate);
    const checks = this.#checks;
    if (checks === undefined) return bytes;
    return bytes.then((whole) => {
      checks.first?.(whole);
      checkLength(whole.byteLength, checks);
      return whole;
    });
  }

  chunks(nextSlab?: NextSlab): AsyncIterable<Uint8Array> {
    return this.#checks === undefined
      ? this.#body.chunks(nextSlab)
      : checked(this.#body.chunks(), this.#checks);
  }

  cancel(): void {
    this.#body.cancel();
  }
}

async function* checked(
  chunks: AsyncIterable<Uint8Array>,
  checks: BodyChecks,
): AsyncGenerator<Uint8Array, void, void> {
  const { first } = checks;
  let size = 0;
  for await (const chunk of first === undefined ? chunks : checkedFirst(chunks, sniffedBytes, first)) {
    size += chunk.byteLength;
    yield chunk;
  }
  checkLength(size, checks);
}

function checkLength(size: number, { length, what }: BodyChecks): void {
  if (length !== undefined && size !== length)
    throw new SourceError("damaged", `${what}: ended after ${size} of ${length} bytes`);
}
