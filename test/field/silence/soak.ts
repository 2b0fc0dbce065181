import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { brigade, temporaryFolder } from "../../e2e/brigade.ts";
import { filesBelow } from "../../e2e/disk.ts";
import { randomOf } from "../../random.ts";
import { type LyingSite, type Style, startLyingSite } from "./lying-site.ts";

const styles: readonly Style[] = ["html", "json", "names"];
const extensions = [".jpg", ".txt", ".bin", ".tar", "", ".png"];
const names = ["a", "b c", "my:file", "a#b", "q?", "100%", "中文", "x+y", "%41", "d&e"];
const soon = { MAX_ATTEMPTS: "2", OUTAGE_LIMIT_MS: "20000", BATCH_FILES: "4", LOG_LEVEL: "warn" };

/** Paths with random bytes, in up to three levels of folders. */
function randomTree(chance: () => number): Map<string, Buffer> {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(chance() * of.length)] as T;
  const files = new Map<string, Buffer>();
  for (let n = 10 + Math.floor(chance() * 30); n > 0; n--) {
    const folders = Array.from({ length: Math.floor(chance() * 3) }, () => `in ${pick(names)}`);
    const content = Buffer.from(
      Array.from({ length: Math.floor(chance() ** 2 * 2_000) }, () => Math.floor(chance() * 256)),
    );
    files.set([...folders, `${pick(names)}${n}${pick(extensions)}`].join("/"), content);
  }
  return files;
}

/**
 * Returns a line per file that is not of the tree or is missing on the disks: none if they hold the
 * whole tree.
 */
async function differences(files: ReadonlyMap<string, Buffer>, roots: readonly string[]): Promise<string[]> {
  const wrong = new Set(files.keys());
  const lines: string[] = [];
  for (const root of roots)
    for (const path of await filesBelow(root)) {
      if (files.get(path)?.equals(await readFile(join(root, path)))) wrong.delete(path);
      else lines.push(`${path} is not the server's`);
    }
  return [...lines, ...[...wrong].map((path) => `${path} is missing`)];
}

/** The results of the runs of one tree. */
interface Ends {
  readonly codes: readonly (number | null)[];
  readonly lies: LyingSite["told"];
}

/**
 * Copies a tree of this seed in three runs, the last from a site without wrong answers. Sometimes a
 * volume is lost before it.
 */
async function soakTree(t: TestContext, seed: number): Promise<Ends> {
  const chance = randomOf(seed);
  const files = randomTree(chance);
  const style = styles[seed % styles.length] ?? "html";
  const site = await startLyingSite(t, files, style, chance);
  const folder = await temporaryFolder(t);
  const volumes = [join(folder, "n1"), join(folder, "n2")];
  const host = new URL(site.url).host.replaceAll(/[.:]/g, "-");
  const roots = volumes.map((volume) => join(volume, host));
  const environment = { ...soon, XDG_STATE_HOME: join(folder, "state") };
  const codes: (number | null)[] = [];
  const run = async (what: string) => {
    const finished = await brigade(["copy", `${site.url}/`, ...volumes], environment);
    codes.push(finished.code);
    const said = `seed ${seed}, ${style}, ${what}: exit ${finished.code}\n${finished.stdout}${finished.stderr}`;
    assert.ok([0, 3, 4].includes(finished.code ?? -1) || what === "lost", said);
    if (finished.code === 0) assert.deepEqual(await differences(files, roots), [], said);
    return finished.code;
  };
  await run("first run");
  await run("second run");
  site.lies = false;
  assert.equal(await run("honest run"), 0);
  const isLost = (await filesBelow(roots[1] ?? "")).length > 0 && chance() < 0.5;
  if (isLost) {
    await rm(volumes[1] ?? "", { recursive: true });
    assert.notEqual(await run("lost"), 0);
  }
  return { codes, lies: site.told };
}

/** Runs this number of trees, with seeds from `SILENCE_SEED` or by chance. */
export async function soakSome(t: TestContext, trees: number, usual = Date.now() % 1_000_000): Promise<void> {
  const first = Number(process.env.SILENCE_SEED ?? usual);
  t.diagnostic(`SILENCE_SEED=${first}`);
  const lies = new Map<string, number>();
  const codes = new Map<number | null, number>();
  for (let seed = first; seed < first + trees; seed++) {
    const ends = await soakTree(t, seed);
    t.diagnostic(`seed ${seed}: exit codes ${ends.codes.join(", ")}`);
    for (const [kind, times] of ends.lies) lies.set(kind, (lies.get(kind) ?? 0) + times);
    for (const code of ends.codes) codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  t.diagnostic(`lies: ${JSON.stringify([...lies])}, exit codes: ${JSON.stringify([...codes])}`);
  assert.ok(lies.size > 0, "nothing was a lie");
}
