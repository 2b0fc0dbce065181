import type { VolumeBench } from "./conformance/bench.ts";
import { conformance } from "./conformance/bench.ts";
import { looking } from "./conformance/looking.ts";
import { parts } from "./conformance/parts.ts";
import { storing } from "./conformance/storing.ts";

export type { VolumeBench } from "./conformance/bench.ts";

/** What every Volume does, on a disk or in memory. */
export function volumeConformance(name: string, open: () => Promise<VolumeBench>): void {
  const check = conformance(name, open);
  storing(check);
  parts(check);
  looking(check);
}
