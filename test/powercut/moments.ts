import { type Loss, losses } from "./cut.ts";
import type { Moment } from "./findings.ts";
import type { Phase } from "./recording.ts";
import type { WriteLog } from "./write-log.ts";

/**
 * `count` moments in order, the end among them: half of them fall between any two writes, half on
 * the very moment at which something was reported. Each is cut off with one kind of loss after the
 * other.
 */
export function chooseMoments(
  log: WriteLog,
  phases: readonly Phase[],
  count: number,
  random: () => number,
): (Moment & { readonly loss: Loss })[] {
  const reports = phases.flatMap(({ notes, ended }) => [ended, ...notes.map(({ at }) => at)]);
  const writes = log.entries.map(({ end }) => end);
  const end = phases.at(-1)?.ended ?? 0;
  const positions = Array.from({ length: count - 1 }, (_, index) => {
    const among = index % 2 === 0 ? writes : reports;
    return among[Math.floor(random() * among.length)] ?? end;
  });
  const sorted = [...positions, end].sort((a, b) => a - b);
  const first = Math.floor(random() * losses.length);
  return sorted.map((position, index) => ({
    position,
    loss: losses[(first + index) % losses.length] ?? "dropped",
    phases: phases.filter((_, phase) => phase === 0 || position > (phases[phase - 1]?.ended ?? 0)),
  }));
}
