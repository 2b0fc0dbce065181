import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Proof } from "@brigade/ledger";
import { adviceForCopy, adviceForFleet } from "../../src/job/advice.ts";
import { describeReport, exitCodeOfJob, type JobReport } from "../../src/job/report.ts";

const none = { objects: 0, bytes: 0 };
const noHoles: Proof["holes"] = {
  directories: { total: 0, examples: [] },
  pages: { total: 0, examples: [], objects: 0 },
  failedDirectories: { total: 0, examples: [] },
};

function proof(fields: Partial<Proof> = {}): Proof {
  const stored = { objects: 1_000, bytes: 20e6 };
  return {
    complete: true,
    directories: 1,
    pages: 1,
    listed: stored,
    stored,
    unchanged: none,
    vanished: none,
    failed: none,
    holes: noHoles,
    unnamed: { total: 0, examples: [] },
    ...fields,
  };
}

function report(fields: Partial<JobReport> = {}): JobReport {
  const { proof: found = proof(), absent = [] } = fields;
  return {
    job: "photos-1",
    source: "photos",
    seconds: 10,
    proof: found,
    volumes: [{ id: "v1", label: "blue", root: "/disks/blue", objects: 1_000, bytes: 20e6 }],
    absent,
    exitCode: exitCodeOfJob(found, absent),
    ...fields,
  };
}

const someFailed = proof({ failed: { objects: 2, bytes: 40 } });
const withHoles = proof({
  complete: false,
  holes: {
    directories: { total: 1, examples: [{ directory: "a", missing: [{ from: 3, to: 7 }] }] },
    pages: {
      total: 4,
      objects: 80,
      examples: [{ directory: "b", walk: 0, page: 2, id: "p", open: 30, indexes: [1, 4] }],
    },
    failedDirectories: {
      total: 1,
      examples: [{ directory: "c", walk: 0, page: 1, reason: "the server answers 500" }],
    },
  },
});

describe("the report of a job", () => {
  test("has for people that all is accounted for, the amounts, the speed, and what lies where", () => {
    assert.deepEqual(describeReport(report(), adviceForCopy), [
      "photos: complete. Every listed object is accounted for.",
      "  listed              1,000   20.0 MB",
      "  stored              1,000   20.0 MB",
      "  unchanged               0   0 B",
      "  vanished                0   0 B",
      "  failed                  0   0 B",
      "  in 10 s, 100 files/s, 2.0 MB/s",
      "  blue                1,000   20.0 MB   /disks/blue",
    ]);
  });

  test("names the host of a volume, and its folder if a service there announces itself", () => {
    const volumes = [
      { id: "v1", label: "blue", host: "host-1", root: "/disks/blue", ...none },
      { id: "v2", label: "red", host: "host-2", ...none },
    ];
    const lines = describeReport(report({ volumes }), adviceForFleet("photos"));
    assert.match(lines.at(-2) ?? "", /^ {2}blue .* host-1 {2}\/disks\/blue$/);
    assert.match(lines.at(-1) ?? "", /^ {2}red .* host-2$/);
  });

  test("of a copy advises to run it again, when objects failed and when some are not accounted for", () => {
    const [failed] = describeReport(report({ proof: someFailed }), adviceForCopy);
    assert.equal(
      failed,
      "photos: finished, but some objects failed. Run the same `brigade copy` again to try them again.",
    );
    const [holes] = describeReport(report({ proof: withHoles }), adviceForCopy);
    assert.equal(
      holes,
      "photos: finished, but not everything is accounted for. Run the same `brigade copy` again to fill the holes.",
    );
  });

  test("of a fleet names the commands that its operator has, and no run to be repeated", () => {
    const advice = adviceForFleet("photos");
    const [failed = ""] = describeReport(report({ proof: someFailed }), advice);
    assert.match(failed, /some objects failed\. `brigade failed photos` .* `brigade retry photos`/);
    const [holes = ""] = describeReport(report({ proof: withHoles }), advice);
    assert.match(holes, /not everything .* `brigade retry photos` .* `brigade dead-letters list photos`/);
    for (const line of [failed, holes]) assert.doesNotMatch(line, /again to|same|copy/);
  });

  test("names the first holes of each kind, and how many more there are", () => {
    const lines = describeReport(
      report({ proof: withHoles, failedFile: "/state/failed.ndjson" }),
      adviceForCopy,
    );
    assert.deepEqual(lines.slice(8), [
      '  could not list "c" from page 1 on: the server answers 500',
      '  not fully listed: "a", pages 3-7',
      '  no outcome: 30 of "b", page 2 (entries 1, 4, …)',
      "  … and 3 more pages with entries that have no outcome; 80 entries in all",
      "  failed objects, with reasons: /state/failed.ndjson",
    ]);
  });

  test("has what to do about a lost disk, and exit code 3, also if nothing failed", () => {
    const absent = [{ id: "v2", label: "red", host: "host-2", lost: "it is unmounted", ...none, objects: 7 }];
    const [line, ...others] = describeReport(report({ absent }), adviceForFleet("photos"));
    assert.equal(exitCodeOfJob(proof(), absent), 3);
    assert.match(line ?? "", /a disk was lost\. Bring it back, or see `brigade volume forget --help`/);
    assert.equal(
      others.at(-1),
      "  7 objects lie on red (host-2), which was lost in this run: it is unmounted",
    );
  });

  test("has exit code 0 if a disk is only elsewhere, and 3 if an object failed or is not accounted for", () => {
    const absent = [{ id: "v2", label: "red", ...none, objects: 7 }];
    assert.deepEqual(
      [exitCodeOfJob(proof(), absent), exitCodeOfJob(someFailed, []), exitCodeOfJob(withHoles, [])],
      [0, 3, 3],
    );
  });
});
