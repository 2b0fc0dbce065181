/*
 * As much of an assembler for WebAssembly as the MD5 program needs. Instructions are arrays of
 * bytes, in the encoding of the specification (https://webassembly.github.io/spec/core/binary/).
 * `v128` is a vector of four 32-bit words here.
 */

export type Code = readonly number[];

/** An unsigned number in LEB128. */
function unsigned(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...unsigned(value >>> 7)];
}

/** A signed number in LEB128. */
function signed(value: number): number[] {
  const low = value & 0x7f;
  const isLast = (value >> 6 === 0 && (low & 0x40) === 0) || (value >> 6 === -1 && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(value >> 7)];
}

function vector(operation: number, ...rest: Code): Code {
  return [0xfd, ...unsigned(operation), ...rest];
}

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
/** As `set`, and the value stays on the stack. */
export const tee = (local: number): Code => [0x22, ...unsigned(local)];
export const constant = (value: number): Code => [0x41, ...signed(value)];
export const addNumbers: Code = [0x6a];
export const subtractNumbers: Code = [0x6b];

/** The address is on the stack; `offset` is added to it. */
export const load = (offset: number): Code => vector(0x00, 4, ...unsigned(offset));
export const store = (offset: number): Code => vector(0x0b, 4, ...unsigned(offset));
/** One word from memory in all four places of a vector. */
export const loadSplat = (offset: number): Code => vector(0x09, 2, ...unsigned(offset));
export const add = vector(0xae);
export const or = vector(0x50);
export const xor = vector(0x51);
export const not = vector(0x4d);
/** Bits of the first where the third has ones, else of the second. */
export const select = vector(0x52);
export const shiftLeft = vector(0xab);
export const shiftRight = vector(0xad);
/** Four words of two vectors: 0 to 3 are the first's, 4 to 7 the second's. */
export const shuffle = (...words: readonly number[]): Code =>
  vector(0x0d, ...words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte)));

/** Repeats `body` while the number that it leaves on the stack is not 0. */
export function loop(...body: readonly Code[]): Code {
  return [0x03, 0x40, ...body.flat(), 0x0d, 0, 0x0b];
}

/**
 * The bytes of a module with one function, `run`. It takes `parameters` 32-bit numbers, has
 * `vectors` local vectors (numbered after the parameters), and works on the shared memory of
 * `pages` pages that is imported as `from.memory`.
 */
export function moduleOf(
  { parameters, vectors, pages }: { parameters: number; vectors: number; pages: number },
  body: readonly Code[],
): Uint8Array<ArrayBuffer> {
  const [number, vectorType, functionType] = [0x7f, 0x7b, 0x60];
  const [memoryKind, isSharedWithMost] = [2, 3];
  const [end] = [0x0b];
  const code = [1, ...unsigned(vectors), vectorType, ...body.flat(), end];
  const numbers = Array.from({ length: parameters }, () => number);
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, functionType, ...unsigned(parameters), ...numbers, 0]),
    ...section(2, [
      1,
      ...name("from"),
      ...name("memory"),
      memoryKind,
      isSharedWithMost,
      ...unsigned(pages),
      ...unsigned(pages),
    ]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("run"), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

function section(id: number, bytes: Code): Code {
  return [id, ...unsigned(bytes.length), ...bytes];
}

function name(text: string): Code {
  return [...unsigned(text.length), ...Buffer.from(text)];
}
