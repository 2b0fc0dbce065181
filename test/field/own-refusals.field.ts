import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { limitedSite } from "./servers/limited-site.ts";

/*
 * 503 and 429 are the answers of a limit. If slowing down does not help, there is no limit, and the
 * bad objects must not stop the rest.
 */

const files = 400;
/** Two attempts with three tries each: no refused object is asked for more often. */
const tries = 6;

/** Which of the files are refused each time, by their number. */
const kinds: readonly [name: string, isRefused: (n: number) => boolean][] = [
  ["each third", (n) => n % 3 === 1],
  ["one third in a row, longer than what is in hand at once,", (n) => n >= 133 && n < 266],
];

for (const [kind, isRefused] of kinds)
  for (const status of [503, 429])
    test(`${kind} of ${files} objects is refused each time, with ${status}: all others come soon, and few requests are in vain`, async (t) => {
      const site = await limitedSite(t, {
        directories: 1,
        filesPerDirectory: files,
        status,
        gate: (_, { url = "" }) =>
          isRefused(Number.parseInt(url.slice("/d0/".length), 10)) ? "refused" : "served",
      });
      const volume = join(await temporaryFolder(t), "volume");
      mkdirSync(volume);
      const { code, stdout, stderr } = await brigade(["copy", `${site.url}/`, volume, "--json"], {
        MAX_ATTEMPTS: "2",
        LOG_LEVEL: "info",
      });
      assert.equal(code, 3, stderr);
      const { stored, failed } = JSON.parse(stdout).counts;
      assert.deepEqual([stored.objects, failed.objects], [267, 133]);
      const refused = site.seconds.reduce((sum, second) => sum + second.refused, 0);
      assert.ok(refused <= 133 * tries, `${refused} requests in vain`);
      // Some eight of them on an idle machine; without end where the rate is cut for each.
      assert.ok(site.seconds.length < 40, `${site.seconds.length} s`);
    });
