import assert from "node:assert/strict";
import { classify } from "@brigade/core";
import fc from "fast-check";

export interface FuzzProperty {
  readonly title: string;
  readonly property: fc.IRawProperty<unknown>;
}

/** Readers of one kind of foreign bytes. */
export interface Family {
  readonly name: string;
  readonly properties: readonly FuzzProperty[];
  /** Frees their resources. */
  readonly end?: () => Promise<void>;
}

/** Milliseconds of processor time that any input may take, and that each KiB of it adds. */
const time = { any: 500, perKiB: 20 };

/**
 * Checks that a reader throws only brigade's errors, in a time that grows with its input, and
 * leaves all prototypes unchanged.
 */
export function reads<T>(
  title: string,
  inputs: fc.Arbitrary<T>,
  read: (input: T) => void | Promise<void>,
  isAllowed: (error: unknown) => boolean = isOurs,
): FuzzProperty {
  const property = fc.asyncProperty(inputs, async (input) => {
    const before = process.cpuUsage();
    try {
      await read(input);
    } catch (error) {
      if (error instanceof assert.AssertionError || !isAllowed(error)) throw error;
    }
    const { user, system } = process.cpuUsage(before);
    const taken = (user + system) / 1000;
    const allowed = time.any + (sizeOf(input) / 1024) * time.perKiB;
    assert.ok(taken <= allowed, `${taken} ms of processor time, ${allowed} ms allowed`);
    assertCleanPrototypes();
  });
  return { title, property };
}

/** Returns whether `classify` gives an owner of the fault other than brigade itself. */
export function isOurs(error: unknown): boolean {
  return error instanceof Error && (error.name === "ConfigError" || classify(error).fault !== "bug");
}

/** For readers that throw nothing at all. */
export function never(): boolean {
  return false;
}

function sizeOf(input: unknown): number {
  if (typeof input === "string" || input instanceof Uint8Array) return input.length;
  return JSON.stringify(input)?.length ?? 0;
}

const prototypes = [Object.prototype, Array.prototype, String.prototype, Function.prototype];
const clean = prototypes.map((one) => Reflect.ownKeys(one).length);

function assertCleanPrototypes(): void {
  for (const [at, one] of prototypes.entries())
    assert.equal(Reflect.ownKeys(one).length, clean[at], "a prototype was changed");
}
