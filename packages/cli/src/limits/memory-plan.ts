import { memoryLimit } from "./memory-limit.ts";

const mib = 2 ** 20;

/** How the memory of this process is divided. */
export interface MemoryPlan {
  /**
   * Bytes that limit this process; `undefined` if there is no limit, or enough memory for usual
   * sizes.
   */
  readonly limit: number | undefined;
  /** MiB of V8's semi-spaces, one of three parts of each thread's young generation. */
  readonly semiSpace: number;
  /** MiB of V8's old generation, in each thread at most; `undefined` if V8 chooses. */
  readonly oldSpace: number | undefined;
  /** Bytes of bodies of small objects, and of slabs for a large one, in memory at once. */
  readonly bodies: number;
  /** Bytes that each database keeps in memory; `undefined` for the usual size. */
  readonly databaseCache: number | undefined;
  /** Requests at once, at most. */
  readonly connections: number;
}

/** Bytes. With less, copying is not reliable: Node, its threads and their code need about this. */
export const leastMemory = 240 * mib;
/** Bytes. With this or more, memory is not short. */
const ample = 1024 * mib;

/** Without a limit, or with a wide one, everything has its usual size. */
const usual: MemoryPlan = {
  limit: undefined,
  semiSpace: 8,
  oldSpace: undefined,
  bodies: 32 * mib,
  databaseCache: undefined,
  connections: Number.POSITIVE_INFINITY,
};

/**
 * Divides the memory. All that may shrink does so in proportion to what is above the least.
 * `limit`: bytes.
 */
export function memoryPlan(limit: number | undefined = memoryLimit()): MemoryPlan {
  if (limit === undefined || limit >= ample) return usual;
  const share = Math.max(0, limit - leastMemory) / (ample - leastMemory);
  const between = (least: number, most: number) => Math.floor(least + share * (most - least));
  return {
    limit,
    semiSpace: 2 ** between(0, 3),
    oldSpace: Math.max(64, Math.floor(limit / 2 / mib)),
    bodies: between(3 * mib, usual.bodies),
    databaseCache: between(2 * mib, 32 * mib),
    connections: between(16, 256),
  };
}
