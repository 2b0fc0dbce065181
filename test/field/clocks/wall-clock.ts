import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../e2e/brigade.ts";

const source = fileURLToPath(new URL("wall-clock.c", import.meta.url));

/** A wall clock of programs that can be set while they run. */
export interface WallClock {
  /** The environment that programs need. */
  readonly environment: NodeJS.ProcessEnv;
  /** Hours from the true time; back when negative. */
  set(hours: number): void;
}

/** Compiles what the programs preload (gcc). */
export async function wallClock(t: TestContext): Promise<WallClock> {
  const folder = await temporaryFolder(t);
  chmodSync(folder, 0o755); // for programs of every user
  const [library, file] = [join(folder, "wall-clock.so"), join(folder, "seconds")];
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], { stdio: "inherit" });
  writeFileSync(file, Buffer.alloc(8));
  return {
    environment: { LD_PRELOAD: library, CLOCK_FILE: file },
    set(hours) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(hours * 3_600));
      // In place: the programs have mapped it.
      const descriptor = openSync(file, "r+");
      writeSync(descriptor, bytes, 0, bytes.length, 0);
      closeSync(descriptor);
    },
  };
}
