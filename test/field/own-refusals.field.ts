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
/** MAX_ATTEMPTS. */
const attempts = 2;
/** Requests for an object, soon one after the other, before it goes back to the queue. */
const tries = 3;
/**
 * Times that an object is refused as too fast until that is its own fault, because others come
 * meanwhile (decision 8): for 503, which may mean something else, and for 429. Until then, tries
 * that end with such a refusal use no attempt.
 */
const tooFast = { 503: 4, 429: 16 } as const;

/** Which of the files are refused each time, by their number. */
const kinds: readonly [name: string, isRefused: (n: number) => boolean][] = [
  ["each third", (n) => n % 3 === 1],
  ["one third in a row, longer than what is in hand at once,", (n) => n >= 133 && n < 266],
];

for (const [kind, isRefused] of kinds)
  for (const status of [503, 429] as const)
    test(`${kind} of ${files} objects is refused each time, with ${status}: all others come soon, and few requests are in vain`, async (t) => {
      const inVain = new Map<number, number>();
      const site = await limitedSite(t, {
        directories: 1,
        filesPerDirectory: files,
        status,
        gate: (_, { url = "" }) => {
          const n = Number.parseInt(url.slice("/d0/".length), 10);
          if (!isRefused(n)) return "served";
          inVain.set(n, (inVain.get(n) ?? 0) + 1);
          return "refused";
        },
      });
      const volume = join(await temporaryFolder(t), "volume");
      mkdirSync(volume);
      const { code, stdout, stderr } = await brigade(["copy", `${site.url}/`, volume, "--json"], {
        MAX_ATTEMPTS: String(attempts),
        LOG_LEVEL: "info",
      });
      assert.equal(code, 3, stderr);
      const { stored, failed } = JSON.parse(stdout).counts;
      assert.deepEqual([stored.objects, failed.objects], [267, 133]);
      const most = Math.max(...inVain.values());
      assert.ok(most <= attempts * tries * tooFast[status], `${most} requests in vain for one object`);
      // Where the rate is cut for each refusal, hardly anything is asked, without end. A slow machine
      // asks for less in each second, and in more of them.
      const sinceRefused = site.seconds.slice(site.seconds.findIndex((second) => second.refused > 0));
      const crawled = sinceRefused.filter((second) => second.served + second.refused < 3).length;
      assert.ok(crawled < 40, `hardly anything was asked for ${crawled} of ${sinceRefused.length} s`);
    });
