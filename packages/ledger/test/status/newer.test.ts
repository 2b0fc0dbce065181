import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewerMessages } from "@brigade/core";
import { following, presence } from "./following.ts";

const of = (messages: number): NewerMessages => ({ queue: "files", needs: "message version 2", messages });

test("messages that need a newer program are summed over the announced services and the ledger itself", async () => {
  const record: NewerMessages = { queue: "records", needs: "message version 3", messages: 1 };
  using live = await following({ sources: ["photos"], newer: () => [record] });
  for (const [instance, messages] of [
    ["downloader@a#1", 2],
    ["downloader@b#1", 3],
  ] as const)
    live.status.notePresence(
      presence({ instance, sources: [{ name: "photos", pauses: [], newer: [of(messages)] }] }),
    );
  assert.deepEqual(live.status.current().sources[0]?.newer, [record, of(5)]);
  await live.clock.pass(60);
  assert.deepEqual(live.status.current().sources[0]?.newer, [record]);
});
