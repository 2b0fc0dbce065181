import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "@brigade/core";
import { configuredNames, configuredSources } from "../../src/service/sources.ts";

test("SOURCES is read as a whole: names without credentials, sources with all that they lack", () => {
  assert.deepEqual(configuredNames({ SOURCES: "photos=upyun://a  docs=upyun://b/x" }), ["photos", "docs"]);
  assert.throws(() => configuredNames({}), { problems: ["SOURCES: is not set"] });
  for (const wrong of ["photos", "Photos=upyun://a", "=upyun://a", "a=upyun://a a=upyun://b", "a=ftp://x"]) {
    assert.throws(() => configuredNames({ SOURCES: wrong }), ConfigError, wrong);
  }
  assert.throws(
    () => configuredSources({ SOURCES: "a=upyun://a b=upyun://b", A_UPYUN_OPERATOR: "x" }),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /UPYUN_OPERATOR/);
      assert.match(error.message, /UPYUN_PASSWORD/);
      return true;
    },
  );
});
