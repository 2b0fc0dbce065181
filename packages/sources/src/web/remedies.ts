import type { Remedies } from "../http-file/replies.ts";

/** What to set when a web server refuses a source. */
export const webRemedies: Remedies = {
  unauthorized: "SITE_USER and SITE_PASSWORD",
  forbidden: "some want REFERER or USER_AGENT",
  proxy: "give it user and password, as in HTTP_PROXY=http://user:password@host:port",
};
