import {
  type DirectoryMessage,
  delayOf,
  inShares,
  type Job,
  type Verdict,
  type WalkPosition,
} from "@brigade/core";

/** A position to be tried again later; `counted` when that was its own fault. */
export interface Again {
  readonly again: WalkPosition;
  readonly counted: boolean;
  readonly waitMs: number;
}

/** Of a page in a job. */
export function idOf({ id }: Job, { directory, walk, page }: WalkPosition): string {
  return `${id} ${walk} ${page} ${directory}`;
}

/** The same work, with nothing about how it fared so far. */
export function plain({ suspicion: _, inHand: __, ...message }: DirectoryMessage): DirectoryMessage {
  return message;
}

/** The same work in so many messages, or in one per position where there are fewer. */
export function split(message: DirectoryMessage, shares: number): DirectoryMessage[] {
  return inShares(message.positions, shares).map((positions) => ({ ...plain(message), positions }));
}

/** What is left of a message when the rest was told. */
export function verdictOn(message: DirectoryMessage, again: readonly Again[]): Verdict {
  if (again.length === 0) return { kind: "ack" };
  if (again.length === message.positions.length && again.every(({ waitMs }) => waitMs === 0))
    return { kind: "release" };
  return {
    kind: "retry",
    delay: delayOf(Math.max(...again.map(({ waitMs }) => waitMs))),
    remainder: again.map((one) => ({
      ...plain(message),
      positions: [one.again],
      attempt: message.attempt + Number(one.counted),
    })),
  };
}
