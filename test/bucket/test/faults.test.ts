import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { parseFault } from "../faults/parse.ts";
import { chooseFaults } from "../faults/rules.ts";
import { type Bucket, type FaultKind, type FaultRule, startBucket, syntheticTree } from "../index.ts";
import { ask, askRest, codeOf, listAll, rowsOf } from "./client.ts";

const tree = syntheticTree({ directories: 2, filesPerDirectory: 10, minSize: 50_000, maxSize: 60_000 });
const key = "d0/p3.jpg";
const right = tree.bodyOf(key);

async function withFault(rule: FaultRule, check: (bucket: Bucket) => Promise<void>): Promise<void> {
  await using bucket = await startBucket({ tree, faults: [rule] });
  await check(bucket);
}

/** Returns the text that is received until the server ends the connection, or `enough` is true. */
async function raw(
  url: string,
  path: string,
  enough: (text: string) => boolean = () => false,
): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (enough(text)) socket.destroy();
  });
  socket.write(`GET /${path} HTTP/1.1\r\nHost: bucket\r\n\r\n`);
  await once(socket, "close");
  return text;
}

for (const [kind, status, code] of [
  ["400", 400, "40001000"],
  ["403", 403, "40300028"],
  ["500", 500, "50000000"],
  ["503", 503, "50300028"],
  ["429", 429, "42900001"],
  ["banned", 429, "42900004"],
] as const) {
  test(`${kind}: the status, its code and Retry-After, by either way`, async () => {
    await withFault({ kind, retryAfterSeconds: 7 }, async (bucket) => {
      const domain = await ask(bucket.domainUrl, `/${key}`);
      const rest = await askRest(bucket, key);
      assert.deepEqual([domain.status, codeOf(domain), domain.headers["retry-after"]], [status, code, "7"]);
      assert.deepEqual([rest.status, codeOf(rest)], [status, Number(code)]);
      assert.equal(bucket.counters.faults[kind], 2);
      assert.equal((await askRest(bucket, "d0/")).status, 200, "listings go on");
    });
  });
}

test("502 and html: a page that is no JSON, the latter with status 200", async () => {
  for (const [kind, status] of [
    ["502", 502],
    ["html", 200],
  ] as const) {
    await withFault({ kind, on: ["list", "domain"] }, async (bucket) => {
      for (const answer of [await ask(bucket.domainUrl, `/${key}`), await askRest(bucket, "d0/")]) {
        assert.deepEqual([answer.status, answer.headers["content-type"]], [status, "text/html"]);
        assert.match(answer.text, /^<!DOCTYPE html>/);
      }
    });
  }
});

test("reset: no answer at all", async () => {
  await withFault({ kind: "reset" }, async (bucket) => {
    await assert.rejects(ask(bucket.domainUrl, `/${key}`), { code: "ECONNRESET" });
  });
});

for (const kind of ["truncated", "truncated-chunked"] as const) {
  test(`${kind}: half the right bytes, then the connection ends without the body's end`, async () => {
    await withFault({ kind }, async (bucket) => {
      let count = 0;
      const asked = ask(bucket.domainUrl, `/${key}`, {
        onBytes: (bytes) => {
          count = bytes;
        },
      });
      await assert.rejects(asked, { code: "ECONNRESET" });
      assert.ok(count > 0 && count < right.length, `${count} bytes came`);
    });
  });
}

test("truncated keeps its Content-Length honest, truncated-chunked has none", async () => {
  await withFault({ kind: "truncated" }, async (bucket) => {
    const text = await raw(bucket.domainUrl, key);
    assert.match(text, new RegExp(`Content-Length: ${right.length}\r\n`));
    const body = Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1");
    assert.ok(body.equals(right.subarray(0, Math.ceil(right.length / 2))));
  });
  await withFault({ kind: "truncated-chunked" }, async (bucket) => {
    const text = await raw(bucket.domainUrl, key);
    assert.match(text, /Transfer-Encoding: chunked\r\n/);
    assert.doesNotMatch(text, /Content-Length/);
    assert.ok(!text.endsWith("0\r\n\r\n"));
  });
});

test("unframed: neither length nor chunks; half the bytes and a clean end", async () => {
  await withFault({ kind: "unframed" }, async (bucket) => {
    const { status, headers, body } = await ask(bucket.domainUrl, `/${key}`);
    assert.deepEqual(
      [status, headers["content-length"], headers["transfer-encoding"]],
      [200, undefined, undefined],
    );
    assert.ok(body.equals(right.subarray(0, Math.ceil(right.length / 2))));
  });
});

test("endless: the body goes on after the object's bytes as long as the client reads", async () => {
  await withFault({ kind: "endless" }, async (bucket) => {
    const text = await raw(bucket.domainUrl, key, (sofar) => sofar.length > 20 * right.length);
    assert.ok(text.length > 20 * right.length);
    assert.doesNotMatch(text.slice(0, 500), /Content-Length|chunked/);
  });
});

test("wrong-bytes: right length and headers, one byte wrong", async () => {
  await withFault({ kind: "wrong-bytes" }, async (bucket) => {
    const wrong = await ask(bucket.domainUrl, `/${key}`);
    bucket.setFaults([]);
    const good = await ask(bucket.domainUrl, `/${key}`);
    assert.equal(wrong.headers.etag, good.headers.etag);
    assert.equal(wrong.body.length, right.length);
    assert.equal(wrong.body.filter((byte, index) => byte !== right[index]).length, 1);
  });
});

test("stalled-body: headers and half the body, then silence until the server closes", async () => {
  await withFault({ kind: "stalled-body" }, async (bucket) => {
    const half = Promise.withResolvers<void>();
    const asked = ask(bucket.domainUrl, `/${key}`, {
      onBytes: (count) => {
        if (count === Math.ceil(right.length / 2)) half.resolve();
        assert.ok(count < right.length);
      },
    });
    await Promise.race([half.promise, asked]);
    assert.equal(bucket.counters.open, 1);
    await Promise.all([assert.rejects(asked, { code: "ECONNRESET" }), bucket.close()]);
  });
});

test("stalled-headers: silence; another request of the same key is answered", async () => {
  await withFault({ kind: "stalled-headers", first: true }, async (bucket) => {
    const silent = ask(bucket.domainUrl, `/${key}`);
    const rejected = assert.rejects(silent, { code: "ECONNRESET" });
    while (bucket.counters.domain === 0) await new Promise(setImmediate);
    assert.equal((await ask(bucket.domainUrl, `/${key}`)).status, 200);
    assert.equal(bucket.counters.open, 1);
    await bucket.close();
    await rejected;
  });
});

test("listing-as-file: the listing of the object's directory", async () => {
  await withFault({ kind: "listing-as-file" }, async (bucket) => {
    assert.equal(rowsOf((await ask(bucket.domainUrl, `/${key}`)).text).length, 10);
    const rest = await askRest(bucket, key);
    assert.equal(rest.status, 200);
    assert.ok(rest.headers["x-upyun-list-iter"]);
  });
});

test("listings: each fault spoils a page in its way", async () => {
  const second = async (kind: FaultKind, rule: Partial<FaultRule> = {}) => {
    await using bucket = await startBucket({ tree });
    const paging = { "x-list-limit": "4" };
    const first = await askRest(bucket, "d0/", { headers: paging });
    const cursor = String(first.headers["x-upyun-list-iter"]);
    const ask = () => askRest(bucket, "d0/", { headers: { ...paging, "x-list-iter": cursor } });
    const good = await ask();
    bucket.setFaults([{ kind, nth: 1, ...rule }]);
    return { bad: await ask(), again: await ask(), good, cursor };
  };
  const next = "x-upyun-list-iter";
  const { bad: uncursored, good, again, cursor } = await second("no-cursor");
  assert.deepEqual([uncursored.text, uncursored.headers[next]], [good.text, undefined]);
  assert.equal(again.headers[next], good.headers[next]);
  assert.equal((await second("repeated-cursor")).bad.headers[next], cursor);
  const cut = (await second("cut-row")).bad;
  assert.equal(rowsOf(cut.text).at(-1)?.length, 3);
  assert.ok(good.text.startsWith(cut.text));
  const empty = (await second("empty-page")).bad;
  assert.equal(empty.text, "");
  assert.ok(![cursor, good.headers[next], undefined].includes(String(empty.headers[next])));
  assert.equal(rowsOf((await second("repeated-rows")).bad.text).length, 7);
  const missing = (await second("missing")).bad;
  assert.deepEqual([missing.status, codeOf(missing)], [404, 40400001]);
  const refused = (await second("bad-cursor")).bad;
  assert.deepEqual([refused.status, codeOf(refused)], [400, 40001005]);
  await assert.rejects(second("truncated", { on: "list" }), { code: "ECONNRESET" });
});

test("a walk that follows the cursors of empty pages misses nothing", async () => {
  await withFault({ kind: "empty-page", probability: 0.5 }, async (bucket) => {
    const { rows, pages } = await listAll(bucket, "d0", 2);
    assert.equal(rows.length, 10);
    assert.equal(pages, 5 + (bucket.counters.faults["empty-page"] ?? 0));
  });
});

test("the same seed chooses the same requests, another seed others, in about the given share", () => {
  const chosen = (seed: number) => {
    const choose = chooseFaults([{ kind: "503", probability: 0.1 }], seed);
    return [...Array(5000).keys()].filter((i) => choose({ kind: "get", key: String(i), hasCursor: false }));
  };
  assert.deepEqual(chosen(1), chosen(1));
  assert.notDeepEqual(chosen(1), chosen(2));
  assert.ok(Math.abs(chosen(1).length - 500) < 100, `${chosen(1).length}`);
});

test("a fault can be limited to one key, the nth request, each key's first request, or a number of times", () => {
  const hits = (rule: Partial<FaultRule>, keys: string[]) => {
    const choose = chooseFaults([{ kind: "500", ...rule }], 1);
    return keys.map((key) => (choose({ kind: "get", key, hasCursor: false }) ? 1 : 0)).join("");
  };
  assert.equal(hits({ key: "b" }, ["a", "b", "b"]), "011");
  assert.equal(hits({ nth: 2 }, ["a", "b", "c"]), "010");
  assert.equal(hits({ key: "b", nth: 2 }, ["b", "a", "b", "b"]), "0010");
  assert.equal(hits({ first: true }, ["a", "a", "b", "a", "b"]), "10100");
  assert.equal(hits({ times: 2 }, ["a", "b", "c"]), "110");
  assert.equal(hits({ on: "head" }, ["a"]), "0");
});

test("with `first`, the drawn keys do not depend on the order of requests", () => {
  const keys = [...Array(300).keys()].map((i) => `d/${i}.jpg`);
  const drawn = (order: string[]) => {
    const choose = chooseFaults([{ kind: "500", first: true, probability: 0.2 }], 3);
    return order.filter((key) => choose({ kind: "get", key, hasCursor: false })).sort();
  };
  assert.deepEqual(drawn(keys), drawn(keys.toReversed()));
  assert.ok(drawn(keys).length > 30 && drawn(keys).length < 90);
});

test("a fault is read from a command line", () => {
  assert.deepEqual(parseFault("503=0.03"), { kind: "503", probability: 0.03 });
  assert.deepEqual(parseFault("reset@get,list"), { kind: "reset", probability: 1, on: ["get", "list"] });
  for (const wrong of ["404", "503=2", "503@put"]) assert.throws(() => parseFault(wrong), TypeError);
});

test("slow-body: the right bytes, a few at a time", async () => {
  await withFault({ kind: "slow-body", overMs: 300 }, async (bucket) => {
    const began = performance.now();
    const { status, body } = await askRest(bucket, key);
    assert.ok(performance.now() - began >= 290, "it came at once");
    assert.equal(status, 200);
    assert.ok(body.equals(right));
  });
});
