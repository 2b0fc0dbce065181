import { createHash, randomFillSync } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A file of the tree. Its name is its MD5, so that nginx can send that, and anyone can check the
 * bytes.
 */
export interface TreeFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

export interface Tree {
  readonly root: string;
  readonly directories: ReadonlyMap<string, readonly TreeFile[]>;
  /** `directory/name` of every file. */
  readonly keys: readonly string[];
  readonly bytes: number;
  /** Unix seconds, the same for all. */
  readonly modified: number;
}

const filesPerDirectory = 1_000;
const modified = Date.UTC(2024, 0, 1) / 1000;

/**
 * Writes `files` files of about `size` bytes (half to one and a half of it) that no compression can
 * shrink.
 */
export function writeTree(root: string, { files, size }: { files: number; size: number }): Tree {
  const pool = randomFillSync(Buffer.alloc(size * 2 + files));
  const directories = new Map<string, TreeFile[]>();
  const keys: string[] = [];
  let bytes = 0;
  for (let n = 0; n < files; n++) {
    const directory = String(Math.floor(n / filesPerDirectory)).padStart(3, "0");
    if (n % filesPerDirectory === 0) {
      mkdirSync(join(root, directory), { recursive: true });
      directories.set(directory, []);
    }
    // 0.5 to 1.5 times the size, spread evenly by the golden ratio.
    const length = Math.max(1, Math.round(size * (0.5 + ((n * 0.618_033_988_75) % 1))));
    const body = pool.subarray(n, n + length);
    const name = `${createHash("md5").update(body).digest("hex")}.jpg`;
    const path = join(root, directory, name);
    writeFileSync(path, body);
    utimesSync(path, modified, modified);
    directories.get(directory)?.push({ name, size: length });
    keys.push(`${directory}/${name}`);
    bytes += length;
  }
  return { root, directories, keys, bytes, modified };
}

/**
 * Throws unless exactly the files of the tree lie below `landed`, with their sizes, and samples
 * have the right bytes.
 */
export function assertComplete(tree: Tree, landed: string, { samples = 300 } = {}): void {
  const step = Math.max(1, Math.floor(tree.keys.length / samples));
  let seen = 0;
  for (const [directory, files] of tree.directories) {
    const names = new Set(readdirSync(join(landed, directory)));
    if (names.size !== files.length) {
      throw new Error(`${directory}: ${names.size} files in place of ${files.length}`);
    }
    for (const { name, size } of files) {
      const path = join(landed, directory, name);
      if (!names.has(name)) throw new Error(`${directory}/${name} is missing`);
      if (statSync(path).size !== size) throw new Error(`${directory}/${name} is not of its size`);
      if (seen++ % step === 0 && !name.startsWith(md5Of(path))) {
        throw new Error(`${directory}/${name} has other bytes`);
      }
    }
  }
}

function md5Of(path: string): string {
  return createHash("md5").update(readFileSync(path)).digest("hex");
}
