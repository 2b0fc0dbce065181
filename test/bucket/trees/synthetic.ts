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

/**
 * A tree of any size that is computed, never held: a name contains a number, and size, date and
 * bytes follow from the number.
 */
export function syntheticTree(shape: SyntheticShape): SyntheticTree {
  const { directories, filesPerDirectory, minSize, maxSize, seed = 1, depth = 1 } = shape;
  if (depth === 0 && directories !== 1) throw new RangeError("depth 0 means one directory, the root");
  const fanOut = depth === 0 ? 1 : Math.max(1, Math.ceil(directories ** (1 / depth) - 1e-9));
  const directoryDigits = String(Math.max(fanOut - 1, 0)).length;
  const fileDigits = String(Math.max(filesPerDirectory - 1, 0)).length;

  const directoryName = (child: number) => `d${String(child).padStart(directoryDigits, "0")}`;
  const fileName = (index: number) => `p${String(index).padStart(fileDigits, "0")}${fileSuffix}`;

  /** Leaves below a node of `level`. */
  const leavesBelow = (level: number) => fanOut ** (depth - level);
  const childCount = ({ level, index }: Node) => {
    if (level === depth) return filesPerDirectory;
    const leaves = Math.min(directories - index * leavesBelow(level), leavesBelow(level));
    return Math.ceil(leaves / leavesBelow(level + 1));
  };

  function findNode(directory: string): Node | undefined {
    let node: Node = { level: 0, index: 0 };
    if (directory === "") return node;
    for (const part of directory.split("/")) {
      if (node.level === depth) return undefined;
      const child = numberIn(part, "d", directoryDigits, "");
      if (child === undefined || child >= childCount(node)) return undefined;
      node = { level: node.level + 1, index: node.index * fanOut + child };
    }
    return node;
  }

  const identityOf = (leaf: number, file: number) =>
    mix(mix(seed + Math.imul(leaf, 0x9e3779b1)) + Math.imul(file + 1, 0x85ebca77));
  const sizeOf = (identity: number) => minSize + (mix(identity + 1) % (maxSize - minSize + 1));
  const modifiedOf = (identity: number) => 1_400_000_000 + (mix(identity + 2) % 200_000_000);

  function row({ level, index }: Node, child: number): Row {
    if (level < depth) {
      return {
        name: directoryName(child),
        kind: "directory",
        size: 0,
        modified: directoryDate,
        type: "folder",
      };
    }
    const identity = identityOf(index, child);
    const [size, modified] = [sizeOf(identity), modifiedOf(identity)];
    return { name: fileName(child), kind: "file", size, modified, type: "image/jpeg" };
  }

  /**
   * Returns the first child after `position` in ascending order, also if there is no child of that
   * name.
   */
  function rank(node: Node, position: Position): number {
    const isLeaf = node.level === depth;
    const nameOf = isLeaf ? fileName : directoryName;
    const kind = isLeaf ? "file" : "directory";
    let [low, high] = [0, childCount(node)];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comparePositions({ name: nameOf(middle), kind }, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function object(key: string): StoredObject | undefined {
    const slash = key.lastIndexOf("/");
    const node = findNode(key.slice(0, Math.max(slash, 0)));
    const file = numberIn(key.slice(slash + 1), "p", fileDigits, fileSuffix);
    if (node?.level !== depth || file === undefined || file >= filesPerDirectory) return undefined;
    const identity = identityOf(node.index, file);
    return {
      modified: modifiedOf(identity),
      type: "image/jpeg",
      body: computedBody(identity, sizeOf(identity)),
    };
  }

  return {
    count: directories * filesPerDirectory,
    object,
    isDirectory: (key) => findNode(key) !== undefined,
    list(directory, after, limit, order) {
      const node = findNode(directory);
      if (!node) return undefined;
      const count = childCount(node);
      const rows: Row[] = [];
      if (order === "asc") {
        const start = after ? rank(node, after) : 0;
        for (let child = start; child < count && rows.length < limit; child++) rows.push(row(node, child));
      } else {
        let end = after ? rank(node, after) : count;
        // The row at the position itself was already returned.
        if (after && end > 0 && comparePositions(row(node, end - 1), after) === 0) end--;
        for (let child = end - 1; child >= 0 && rows.length < limit; child--) rows.push(row(node, child));
      }
      return rows;
    },
    bodyOf(key) {
      const found = object(key);
      if (!found) throw new RangeError(`no such object: ${key}`);
      return bytesOf(found.body);
    },
  };
}

/** Returns the number in a name such as `p0042.jpg`, or `undefined` for any other name. */
function numberIn(name: string, prefix: string, digits: number, suffix: string): number | undefined {
  if (name.length !== prefix.length + digits + suffix.length) return undefined;
  if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined;
  const text = name.slice(prefix.length, prefix.length + digits);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
