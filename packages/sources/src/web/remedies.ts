import type { Remedies } from "../http/origins/route.ts";

/** The settings that help when a web server refuses a source. */
export const webRemedies: Remedies = {
  address: "the URL",
  unauthorized: "SITE_USER and SITE_PASSWORD",
  forbidden: "some want REFERER or USER_AGENT",
};
