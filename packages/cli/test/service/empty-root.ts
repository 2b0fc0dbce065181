import type { Message } from "@brigade/core";

export const job = { id: "j", source: "photos", fingerprint: "f" };
/** The whole walk of a bucket whose root is empty. */
export const emptyRoot = {
  v: 1,
  type: "page",
  job,
  directory: "",
  walk: 0,
  page: 1,
  id: "p",
  end: "last",
  count: 0,
  bytes: 0,
  directories: [],
} satisfies Message;
