import { readFileSync } from "node:fs";
import { join } from "node:path";

/*
 * The control groups of this process may limit its memory: version 2 in one tree, version 1 in a
 * tree per controller. A group is also bound by the groups above it. In a container the path may
 * name groups that cannot be seen from inside: then the tree's root is the container's group.
 */
const trees = [
  { controller: "", mount: "sys/fs/cgroup", file: "memory.max" },
  { controller: "memory", mount: "sys/fs/cgroup/memory", file: "memory.limit_in_bytes" },
] as const;

/**
 * Returns the bytes that this process may have; `undefined` if there is no limit. `root`: where
 * proc and sys are, for tests.
 */
export function memoryLimit(root = "/"): number | undefined {
  const groups = readText(join(root, "proc/self/cgroup")) ?? "";
  const limits = groups.split("\n").flatMap((line) => {
    const [, controllers = "-", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const tree = trees.find(({ controller }) => controllers.split(",").includes(controller));
    if (tree === undefined) return [];
    return upwards(path).map((group) => readLimit(join(root, tree.mount, group, tree.file)));
  });
  const least = Math.min(...limits);
  // Version 1 says "no limit" as a number that no machine has.
  return least < 2 ** 50 ? least : undefined;
}

/** `/a/b`, `/a` and `/`. */
function upwards(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return Array.from({ length: parts.length + 1 }, (_, count) => `/${parts.slice(0, count).join("/")}`);
}

function readLimit(path: string): number {
  const text = readText(path)?.trim() ?? "";
  return /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not this system, or not this version: there is no limit of this kind.
    return undefined;
  }
}
