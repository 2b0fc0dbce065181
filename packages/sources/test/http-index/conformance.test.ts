import type { TestContext } from "node:test";
import { parseSource, withRetry } from "../../src/index.ts";
import { type SourceSetup, sourceConformance } from "../conformance.ts";
import { serve } from "../scenario.ts";
import { smallSite } from "../small-site.ts";

async function open(t: TestContext, setup: SourceSetup) {
  const { url } = await serve(t, smallSite(setup));
  const source = parseSource(url, {}).create({ LIST_PAGE_SIZE: String(setup.pageSize) }, "site");
  t.after(() => source[Symbol.asyncDispose]());
  return source;
}

sourceConformance("index pages", open);
sourceConformance("index pages, limited and retried", async (t, setup) =>
  withRetry(await open(t, setup), { delay: async () => {} }),
);
