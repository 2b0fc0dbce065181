import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEnvironment } from "@brigade/core";
import { volumeVariables } from "../src/index.ts";

test("has defaults for everything", () => {
  assert.deepEqual(parseEnvironment(volumeVariables, {}), {
    value: {
      VOLUMES: [],
      MIN_FREE: { share: 0.01 },
      MIN_FREE_INODES: { share: 0.01 },
      VOLUME_AUTO_INIT: false,
      PLACEMENT: "most-free",
      DURABILITY: "group",
    },
  });
});

test("reads roots, amounts and shares", () => {
  const parsed = parseEnvironment(volumeVariables, {
    VOLUMES: "/mnt/one:/mnt/two:",
    VOLUMES_FILE: "/etc/brigade/volumes",
    MIN_FREE: "20GiB",
    MIN_FREE_INODES: "5%",
    VOLUME_AUTO_INIT: "true",
    PLACEMENT: "round-robin",
    DURABILITY: "file",
  });
  assert.deepEqual(parsed, {
    value: {
      VOLUMES: ["/mnt/one", "/mnt/two"],
      VOLUMES_FILE: "/etc/brigade/volumes",
      MIN_FREE: { amount: 20 * 1024 ** 3 },
      MIN_FREE_INODES: { share: 0.05 },
      VOLUME_AUTO_INIT: true,
      PLACEMENT: "round-robin",
      DURABILITY: "file",
    },
  });
});

test("reports all that is wrong, by name", () => {
  const parsed = parseEnvironment(volumeVariables, {
    VOLUMES: "/a:/a",
    MIN_FREE: "much",
    MIN_FREE_INODES: "150%",
    PLACEMENT: "anywhere",
    DURABILITY: "maybe",
  });
  assert.ok("problems" in parsed);
  assert.deepEqual(
    parsed.problems.map((problem) => problem.split(":")[0]).sort(),
    ["DURABILITY", "MIN_FREE", "MIN_FREE_INODES", "PLACEMENT", "VOLUMES"],
    parsed.problems.join("; "),
  );
});
