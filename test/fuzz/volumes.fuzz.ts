import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { mapKey, readManifest, readVolumeInfo, unmapPath } from "@brigade/volumes";
import { openPartFile } from "@brigade/volumes/get";
import fc from "fast-check";
import { type Family, isOurs, never, reads } from "./family.ts";
import { foreignText, spoiled } from "./foreign.ts";
import { assertInside } from "./inside.ts";

const root = mkdtempSync(join(tmpdir(), "fuzz-volume-"));
const own = join(root, ".brigade");
for (const folder of ["manifest", "sources"]) mkdirSync(join(own, folder), { recursive: true });

const text = fc.string({ unit: "grapheme" });
const line = fc
  .record(
    {
      ...{ source: fc.constant("photos"), key: text, path: text, listedSize: fc.nat(), size: fc.nat() },
      ...{
        md5: fc.constant("9e107d9d372bb6826bd81d3542a419d6"),
        verified: fc.boolean(),
        modified: fc.integer(),
      },
      ...{ storedAt: fc.nat(), job: text },
    },
    {
      requiredKeys: ["source", "key", "listedSize", "size", "md5", "verified", "modified", "storedAt", "job"],
    },
  )
  .map((one) => JSON.stringify(one));
const lost = fc
  .record({ source: fc.constant("photos"), key: text, lost: fc.constantFrom("missing", "md5"), at: fc.nat() })
  .map((one) => JSON.stringify(one));
const words = [
  ...[
    '"key":"',
    '"path":"../../etc/passwd"',
    '"size":',
    "9007199254740991",
    '"lost":"md5"',
    "\n",
    "{",
    "}",
    "[[",
  ],
  ...['"version":1', '"finished":[[0,5]]', "[5,4]", "[-1,2]", '"length":', '"id":""', '"traits":{}'],
];
const jsonOr = (valid: fc.Arbitrary<string>) =>
  fc.oneof(valid, spoiled(valid, words), foreignText(words), fc.json());

const identity = fc.constant(
  JSON.stringify({
    ...{ version: 1, id: "1", label: "disk", created: "2026-01-01T00:00:00Z" },
    traits: { caseSensitive: true, anyCharacter: true, nameMax: 255 },
  }),
);
const remote = { url: "http://a.example/x", length: 100, validator: { kind: "etag", value: '"1"' } } as const;
const control = fc
  .array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 120 })), { maxLength: 5 })
  .map((finished) => JSON.stringify({ version: 1, ...remote, finished }));
const traits = fc.record({
  caseSensitive: fc.boolean(),
  anyCharacter: fc.boolean(),
  nameMax: fc.integer({ min: 64, max: 255 }),
});
const name = fc.oneof(
  foreignText(["%~", "~", "%~+", "%~d", "%~ffffff~", "%~25~~", "con", ".brigade", "/"]),
  text,
);

async function openedPart(target: string, written: string): Promise<void> {
  writeFileSync(`${target}.part`, Buffer.alloc(100));
  writeFileSync(`${target}.part.json`, written);
  await using part = await openPartFile(target, remote, { overwrite: true });
  let end = 0;
  for (const { from, to } of part.finished) {
    assert.ok(from >= end && from < to && to <= remote.length, JSON.stringify(part.finished));
    end = to;
  }
}

export const family: Family = {
  name: "volumes",
  properties: [
    reads(
      "the lines of a manifest are read, or named by their numbers",
      jsonOr(fc.oneof(line, lost)),
      async (lines) => {
        writeFileSync(join(own, "manifest", "a-1.ndjson"), lines);
        for await (const one of readManifest(
          root,
          ({ reason }) => void assert.ok(reason.length < 10_000, reason),
        )) {
          if ("lost" in one || one.path === undefined) continue;
          assert.ok(!/^(\.\.)?(\/|$)/.test(normalize(one.path)), `leaves the source's folder: ${one.path}`);
        }
      },
      never,
    ),
    reads("a volume says who it is, or a ConfigError why not", jsonOr(identity), async (json) => {
      writeFileSync(join(own, "volume.json"), json);
      const info = await readVolumeInfo(root);
      assert.ok(info !== undefined && info.id !== "");
    }),
    reads(
      "who wrote on a volume, and what is bound to it, is read or a ConfigError",
      jsonOr(fc.constant('{"fingerprint":"f"}')),
      async (json) => {
        writeFileSync(join(own, "volume.json"), '{"version":1,"id":"1","label":"disk"}');
        writeFileSync(join(own, "host"), json);
        writeFileSync(join(own, "sources", "photos.json"), json);
        await readVolumeInfo(root);
      },
    ),
    reads(
      "notes of a transfer name pieces of the file, in order, or it is begun anew",
      jsonOr(control),
      async (json) => {
        await openedPart(join(root, "a.zip"), json);
      },
      isOurs,
    ),
    reads(
      "every key has a path inside its source's folder, and its own",
      fc.tuple(name, traits),
      ([key, disk]) => {
        assertInside(key);
        const path = mapKey(key, disk);
        assert.equal(unmapPath(path), key);
        for (const part of path.split("/")) assert.ok(Buffer.byteLength(part) <= disk.nameMax, part);
      },
    ),
    reads(
      "every path that a disk may have is some key's, or nobody's",
      name,
      (path) => void unmapPath(path),
      (error) => error instanceof RangeError,
    ),
  ],
  end: async () => rmSync(root, { recursive: true }),
};
