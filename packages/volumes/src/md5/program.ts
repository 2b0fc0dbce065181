import {
  add,
  addNumbers,
  type Code,
  constant,
  get,
  load,
  loadSplat,
  loop,
  moduleOf,
  not,
  or,
  select,
  set,
  shiftLeft,
  shiftRight,
  shuffle,
  store,
  subtractNumbers,
  tee,
  xor,
} from "./wasm.ts";

/*
 * MD5 (RFC 1321) of eight bodies at once. Each step of MD5 needs the result of the step before, so
 * a core mostly waits. Here four bodies share each vector instruction, one in each word ("lane"),
 * and two such groups take turns: one works while the other waits.
 */

/** Bodies at once, in two groups. */
export const lanes = 8;
const groupOf = 4;
const groups = lanes / groupOf;

/** Bytes from the start of the memory: the constants of the 64 steps, */
const constantsAt = 0;
/** the states, for each group a, b, c and d as a vector each, */
const statesAt = 256;
/** and for each group the 16 words of the block in hand, as a vector each. */
const wordsAt = 512;

/** Bytes at the start of the memory that the program needs for itself. */
export const reserved = 1024;
const blockBytes = 64;

const stepConstants = Array.from({ length: 64 }, (_, step) =>
  Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32),
);
/** Bits to rotate by: four for each round, used in turn. */
const rotations = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];

/** Locals of one group. */
interface Group {
  readonly first: number;
  readonly states: readonly [a: number, b: number, c: number, d: number];
  readonly spare: number;
  readonly rows: readonly [number, number, number, number];
}

export type Run = (...pointersAndBlocks: number[]) => void;

/**
 * Returns the function that adds blocks of eight bodies to their states: it takes eight addresses
 * and how many blocks of 64 bytes to read from each. `memory` is shared and does not grow.
 */
export function md5Program(memory: WebAssembly.Memory): Run {
  const pages = memory.buffer.byteLength / 65_536;
  const vectorsOfGroup = 9;
  const blocksLeft = lanes;
  const all = Array.from({ length: groups }, (_, index) =>
    groupFrom(index, lanes + 1 + vectorsOfGroup * index),
  );
  const bytes = moduleOf({ parameters: lanes + 1, vectors: vectorsOfGroup * groups, pages }, [
    ...all.flatMap(loadStates),
    loop(
      ...all.flatMap(transpose),
      ...Array.from({ length: lanes }, (_, lane) => advance(lane)),
      ...steps(all),
      ...all.flatMap(addToStates),
      [...get(blocksLeft), ...constant(1), ...subtractNumbers, ...tee(blocksLeft)],
    ),
  ]);
  new Uint32Array(memory.buffer, constantsAt, stepConstants.length).set(stepConstants);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { from: { memory } });
  return instance.exports.run as Run;
}

/**
 * Of a lane: the index of its `a` among the memory's 32-bit words; `b`, `c` and `d` follow, each
 * four words on.
 */
export function stateOf(lane: number): number {
  return (statesAt + 64 * Math.floor(lane / groupOf)) / 4 + (lane % groupOf);
}

function groupFrom(index: number, local: number): Group {
  const next = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((more) => local + more) as [
    ...Group["states"],
    number,
    ...Group["rows"],
  ];
  const [a, b, c, d, spare, ...rows] = next;
  return { first: index * groupOf, states: [a, b, c, d], spare, rows };
}

function stateAddress({ first }: Group, which: number): number {
  return statesAt + 16 * (first + which);
}

function wordAddress({ first }: Group, word: number): number {
  return wordsAt + 64 * first + 16 * word;
}

function loadStates(group: Group): Code[] {
  return group.states.map((local, which) => [
    ...constant(0),
    ...load(stateAddress(group, which)),
    ...set(local),
  ]);
}

/**
 * The 16 words of four blocks become 16 vectors: the first words of all four, their second words,
 * and so on.
 */
function transpose(group: Group): Code[] {
  const { first, spare, rows } = group;
  const [r0, r1, r2, r3] = rows;
  return [0, 4, 8, 12].flatMap((word) => {
    const store4 = (at: number, low: number, high: number, ...words: readonly number[]): Code => [
      ...constant(0),
      ...get(low),
      ...get(high),
      ...shuffle(...words),
      ...store(wordAddress(group, word + at)),
    ];
    return [
      ...rows.map((row, lane) => [...get(first + lane), ...load(4 * word), ...set(row)]),
      [...get(r0), ...get(r1), ...shuffle(0, 4, 1, 5), ...set(spare)],
      [...get(r0), ...get(r1), ...shuffle(2, 6, 3, 7), ...set(r0)],
      [...get(r2), ...get(r3), ...shuffle(0, 4, 1, 5), ...set(r1)],
      [...get(r2), ...get(r3), ...shuffle(2, 6, 3, 7), ...set(r2)],
      store4(0, spare, r1, 0, 1, 4, 5),
      store4(1, spare, r1, 2, 3, 6, 7),
      store4(2, r0, r2, 0, 1, 4, 5),
      store4(3, r0, r2, 2, 3, 6, 7),
    ];
  });
}

function advance(pointer: number): Code {
  return [...get(pointer), ...constant(blockBytes), ...addNumbers, ...set(pointer)];
}

/**
 * All 64 steps, of each group in turn. After each the four names move on by one: after 64 they are
 * what they were.
 */
function steps(all: readonly Group[]): Code[] {
  return Array.from({ length: 64 }, (_, step) => all.map((group) => stepOf(group, step))).flat();
}

function stepOf(group: Group, step: number): Code {
  const [a, b, c, d] = [0, 1, 2, 3].map((name) => group.states[(name + 64 - step) % 4] ?? 0) as [
    ...Group["states"],
  ];
  const { spare } = group;
  const rotation = rotations[step >> 4]?.[step % 4] ?? 0;
  return [
    // What does not wait for the step before comes first.
    ...get(a),
    ...constant(0),
    ...loadSplat(constantsAt + 4 * step),
    ...add,
    ...constant(0),
    ...load(wordAddress(group, wordOf(step))),
    ...add,
    ...mix(step, b, c, d),
    ...add,
    ...tee(spare),
    ...constant(rotation),
    ...shiftLeft,
    ...get(spare),
    ...constant(32 - rotation),
    ...shiftRight,
    ...or,
    ...get(b),
    ...add,
    ...set(a),
  ];
}

/** Which word of the block a step takes. */
function wordOf(step: number): number {
  return [step, 5 * step + 1, 3 * step + 5, 7 * step][step >> 4]! % 16;
}

function mix(step: number, b: number, c: number, d: number): Code {
  switch (step >> 4) {
    case 0:
      return [...get(c), ...get(d), ...get(b), ...select];
    case 1:
      return [...get(b), ...get(c), ...get(d), ...select];
    case 2:
      return [...get(c), ...get(d), ...xor, ...get(b), ...xor];
    default:
      return [...get(d), ...not, ...get(b), ...or, ...get(c), ...xor];
  }
}

function addToStates(group: Group): Code[] {
  return group.states.map((local, which) => [
    ...constant(0),
    ...get(local),
    ...constant(0),
    ...load(stateAddress(group, which)),
    ...add,
    ...tee(local),
    ...store(stateAddress(group, which)),
  ]);
}
