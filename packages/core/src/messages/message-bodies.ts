import type {
  DirectoryMessage,
  FilesMessage,
  Message,
  PageMessage,
  PagePartMessage,
  ResultMessage,
} from "./messages.ts";

/** Bytes of a message as it is made. Far below what a reader takes: it grows while it travels. */
const mostSent = 2 ** 20;
/** Bytes of the names of directories in a part of a page's record. */
const mostInPart = mostSent / 2;

/**
 * A message as it travels: its JSON, or that of several that say the same together where it would
 * be too large for one.
 */
export function bodiesOf(message: Message): string[] {
  const body = JSON.stringify(message);
  if (body.length * 3 <= mostSent || Buffer.byteLength(body) <= mostSent) return [body];
  const several = split(message);
  return several.length < 2 ? [body] : several.flatMap(bodiesOf);
}

function split(message: Message): Message[] {
  switch (message.type) {
    case "directory":
      return inShares(message.positions, 2).map((positions): DirectoryMessage => ({ ...message, positions }));
    case "files":
      return halves(message.slices, "files").map((slices): FilesMessage => ({ ...message, slices }));
    case "result":
      return halves(message.pages, "objects").map((pages): ResultMessage => ({ ...message, pages }));
    case "page":
      return partsOf(message);
    case "page-part":
      return [message];
  }
}

/** Groups of items in two shares; a single group is split itself. */
function halves<K extends string, G extends Readonly<Record<K, readonly unknown[]>>>(
  groups: readonly G[],
  items: K,
): G[][] {
  const [only] = groups;
  if (groups.length > 1 || only === undefined) return inShares(groups, 2);
  return inShares(only[items], 2).map((some) => [{ ...only, [items]: some }]);
}

/** A page's record in numbered parts, each with some of its directories. */
function partsOf(record: PageMessage): PagePartMessage[] {
  const parts: string[][] = [];
  let part: string[] = [];
  let bytes = 0;
  for (const directory of record.directories) {
    const size = Buffer.byteLength(directory) + 3;
    if (part.length === 0 || bytes + size > mostInPart) {
      part = [];
      parts.push(part);
      bytes = 0;
    }
    part.push(directory);
    bytes += size;
  }
  const { v, job } = record;
  return parts.map((directories, index) => {
    const number = index + 1;
    return { v, type: "page-part", job, number, of: parts.length, record: { ...record, directories } };
  });
}

/**
 * Returns the same items in this many shares of about one size, or in one per item if there are
 * fewer.
 */
export function inShares<T>(items: readonly T[], shares: number): T[][] {
  const size = Math.ceil(items.length / shares);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  );
}
