import { withRetry } from "../../src/index.ts";
import { type OpenSource, sourceConformance } from "../conformance.ts";
import { serve, sourceFor } from "../scenario.ts";
import { smallDomain, smallStore } from "./small-bucket.ts";

function open(environment: Record<string, string>): OpenSource {
  return async (t, setup) => {
    const { url } = await serve(t, smallStore(setup));
    return sourceFor(t, { UPYUN_ENDPOINT: url, LIST_PAGE_SIZE: String(setup.pageSize), ...environment });
  };
}

sourceConformance("upyun by REST", open({}));
sourceConformance("upyun in JSON", open({ UPYUN_LIST_FORMAT: "json" }));
sourceConformance("upyun by its domain", async (t, setup) => {
  const domain = await serve(t, smallDomain(setup));
  return await open({ UPYUN_DOMAIN: domain.url })(t, setup);
});
sourceConformance("upyun, limited and retried", async (t, setup) =>
  withRetry(await open({})(t, setup), { delay: async () => {} }),
);
