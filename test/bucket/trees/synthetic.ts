import { bytesOf } from "../bodies/body.ts";
import { computedBody } from "../bodies/computed-body.ts";
import { mix } from "../random.ts";
import {
  comparePositions,
  type ObjectSet,
  type Position,
  type Row,
  type StoredObject,
} from "./object-set.ts";

export interface SyntheticShape {
  /** Leaf directories; only they hold files. */
  readonly directories: number;
  readonly filesPerDirectory: number;
  /** Bytes, both included. */
  readonly minSize: number;
  readonly maxSize: number;
  readonly seed?: number;
  /** Levels of directories above the files, default 1. 0: one directory, the root itself. */
  readonly depth?: number;
}

export interface SyntheticTree extends ObjectSet {
  /** Objects in the tree. */
  readonly count: number;
  bodyOf(key: string): Buffer;
}

/** A node of the tree: `index` among the nodes of its `level`; level `depth` are the leaves. */
interface Node {
  readonly level: number;
  readonly index: number;
}

const fileSuffix = ".jpg";
const directoryDate = 1_500_000_000;

/** Names and places of the nodes of a tree, computed from their numbers. */
class Numbering {
  readonly #shape: Required<SyntheticShape>;
  readonly #fanOut: number;
  readonly #directoryDigits: number;
  readonly #fileDigits: number;

  constructor(shape: Required<SyntheticShape>) {
    const { directories, filesPerDirectory, depth } = shape;
    if (depth === 0 && directories !== 1) throw new RangeError("depth 0 means one directory, the root");
    this.#shape = shape;
    this.#fanOut = depth === 0 ? 1 : Math.max(1, Math.ceil(directories ** (1 / depth) - 1e-9));
    this.#directoryDigits = String(Math.max(this.#fanOut - 1, 0)).length;
    this.#fileDigits = String(Math.max(filesPerDirectory - 1, 0)).length;
  }

  isLeaf({ level }: Node): boolean {
    return level === this.#shape.depth;
  }

  nameOf(node: Node, child: number): string {
    if (this.isLeaf(node)) return `p${String(child).padStart(this.#fileDigits, "0")}${fileSuffix}`;
    return `d${String(child).padStart(this.#directoryDigits, "0")}`;
  }

  childCount(node: Node): number {
    const { directories, filesPerDirectory } = this.#shape;
    if (this.isLeaf(node)) return filesPerDirectory;
    const below = this.#leavesBelow(node.level);
    const leaves = Math.min(directories - node.index * below, below);
    return Math.ceil(leaves / this.#leavesBelow(node.level + 1));
  }

  findNode(directory: string): Node | undefined {
    let node: Node = { level: 0, index: 0 };
    if (directory === "") return node;
    for (const part of directory.split("/")) {
      if (this.isLeaf(node)) return undefined;
      const child = numberIn(part, "d", this.#directoryDigits, "");
      if (child === undefined || child >= this.childCount(node)) return undefined;
      node = { level: node.level + 1, index: node.index * this.#fanOut + child };
    }
    return node;
  }

  /** Returns the leaf and the number of a file's key; `undefined` if there is no such file. */
  findFile(key: string): { readonly leaf: number; readonly file: number } | undefined {
    const slash = key.lastIndexOf("/");
    const node = this.findNode(key.slice(0, Math.max(slash, 0)));
    const file = numberIn(key.slice(slash + 1), "p", this.#fileDigits, fileSuffix);
    if (node === undefined || !this.isLeaf(node) || file === undefined) return undefined;
    return file < this.#shape.filesPerDirectory ? { leaf: node.index, file } : undefined;
  }

  /**
   * Returns the first child after `position` in ascending order, also if there is no child of that
   * name.
   */
  rank(node: Node, position: Position): number {
    const kind = this.isLeaf(node) ? "file" : "directory";
    let [low, high] = [0, this.childCount(node)];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comparePositions({ name: this.nameOf(node, middle), kind }, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #leavesBelow(level: number): number {
    return this.#fanOut ** (this.#shape.depth - level);
  }
}

/**
 * Returns a tree of any size that is computed, never held: a name contains a number, and size, date
 * and bytes follow from the number.
 */
export function syntheticTree(shape: SyntheticShape): SyntheticTree {
  const { directories, filesPerDirectory, minSize, maxSize, seed = 1, depth = 1 } = shape;
  const numbering = new Numbering({ ...shape, seed, depth });
  const identityOf = (leaf: number, file: number) =>
    mix(mix(seed + Math.imul(leaf, 0x9e3779b1)) + Math.imul(file + 1, 0x85ebca77));
  const sizeOf = (identity: number) => minSize + (mix(identity + 1) % (maxSize - minSize + 1));
  const modifiedOf = (identity: number) => 1_400_000_000 + (mix(identity + 2) % 200_000_000);

  function row(node: Node, child: number): Row {
    const name = numbering.nameOf(node, child);
    if (!numbering.isLeaf(node))
      return { name, kind: "directory", size: 0, modified: directoryDate, type: "folder" };
    const identity = identityOf(node.index, child);
    return {
      name,
      kind: "file",
      size: sizeOf(identity),
      modified: modifiedOf(identity),
      type: "image/jpeg",
    };
  }

  function object(key: string): StoredObject | undefined {
    const found = numbering.findFile(key);
    if (found === undefined) return undefined;
    const identity = identityOf(found.leaf, found.file);
    return {
      modified: modifiedOf(identity),
      type: "image/jpeg",
      body: computedBody(identity, sizeOf(identity)),
    };
  }

  return {
    count: directories * filesPerDirectory,
    object,
    isDirectory: (key) => numbering.findNode(key) !== undefined,
    list(directory, after, limit, order) {
      const node = numbering.findNode(directory);
      return node && rowsOf(numbering, row, { node, after, limit, order });
    },
    bodyOf(key) {
      const found = object(key);
      if (!found) throw new RangeError(`no such object: ${key}`);
      return bytesOf(found.body);
    },
  };
}

interface Wanted {
  readonly node: Node;
  readonly after: Position | undefined;
  readonly limit: number;
  readonly order: "asc" | "desc";
}

/** Returns the rows of a directory that follow a position. */
function rowsOf(
  numbering: Numbering,
  row: (node: Node, child: number) => Row,
  { node, after, limit, order }: Wanted,
): Row[] {
  const count = numbering.childCount(node);
  const rows: Row[] = [];
  if (order === "asc") {
    const start = after ? numbering.rank(node, after) : 0;
    for (let child = start; child < count && rows.length < limit; child++) rows.push(row(node, child));
    return rows;
  }
  let end = after ? numbering.rank(node, after) : count;
  // The row at the position itself was already returned.
  if (after && end > 0 && comparePositions(row(node, end - 1), after) === 0) end--;
  for (let child = end - 1; child >= 0 && rows.length < limit; child--) rows.push(row(node, child));
  return rows;
}

/** Returns the number in a name such as `p0042.jpg`, or `undefined` for any other name. */
function numberIn(name: string, prefix: string, digits: number, suffix: string): number | undefined {
  if (name.length !== prefix.length + digits + suffix.length) return undefined;
  if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined;
  const text = name.slice(prefix.length, prefix.length + digits);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
