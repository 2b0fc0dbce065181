import {
  comeBack,
  type DirectoryMessage,
  delayOf,
  inShares,
  type Job,
  type Verdict,
  type WalkPosition,
} from "@brigade/core";

/** A position to be tried again later; `counted` if that was its own fault. */
export interface Again {
  readonly again: WalkPosition;
  readonly counted: boolean;
  readonly waitMs: number;
}

/** Names a page within this process. */
export function idOf({ id }: Job, { directory, walk, page }: WalkPosition): string {
  return `${id} ${walk} ${page} ${directory}`;
}

/** Returns the same work, without what became of it so far. */
export function plain({ suspicion: _, inHand: __, ...message }: DirectoryMessage): DirectoryMessage {
  return message;
}

/** Returns the same work in this many messages, or in one per position if there are fewer. */
export function split(message: DirectoryMessage, shares: number): DirectoryMessage[] {
  return inShares(message.positions, shares).map((positions) => ({ ...plain(message), positions }));
}

/** Returns the verdict on a message of which all but `again` was published. */
export function verdictOn(message: DirectoryMessage, again: readonly Again[]): Verdict {
  if (again.length === 0) return { kind: "ack" };
  if (again.length === message.positions.length && again.every(({ waitMs }) => waitMs === 0))
    return { kind: "release" };
  return comeBack(
    again.map(({ again: position, counted, waitMs }) => ({
      message: { ...plain(message), positions: [position], attempt: message.attempt + Number(counted) },
      delay: delayOf(waitMs),
    })),
  );
}
