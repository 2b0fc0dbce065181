import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedHop } from "../../../src/upyun/objects/redirect.ts";

const from = { origin: "http://pics.example.com", target: "/dir/a%20b.zip?_upt=1" };

test("goes to https on the same host, with the same path and query", () => {
  const hop = { origin: "https://pics.example.com", target: from.target };
  assert.deepEqual(allowedHop(from, "https://pics.example.com/dir/a%20b.zip?_upt=1"), hop);
  assert.deepEqual(allowedHop(from, "https://PICS.example.com/dir/a%20b.zip"), hop);
});

test("goes to an edge server by its address, if the path holds the original host and path", () => {
  assert.deepEqual(allowedHop(from, "http://203.0.113.7/pics.example.com/dir/a%20b.zip?_marco_x=1"), {
    origin: "http://203.0.113.7",
    target: "/pics.example.com/dir/a%20b.zip?_marco_x=1",
  });
  assert.deepEqual(allowedHop(from, "http://[2001:db8::7]:8080/pics.example.com/dir/a%20b.zip"), {
    origin: "http://[2001:db8::7]:8080",
    target: "/pics.example.com/dir/a%20b.zip",
  });
});

for (const [title, location] of [
  ["no place", undefined],
  ["another path of the host", "https://pics.example.com/404.png"],
  ["another host", "https://evil.example.org/dir/a%20b.zip"],
  ["a host in the place of an address", "http://evil.example.org/pics.example.com/dir/a%20b.zip"],
  ["another path at an address", "http://203.0.113.7/pics.example.com/404.png"],
  ["another host's path at an address", "http://203.0.113.7/other.example.com/dir/a%20b.zip"],
  ["the same place", "http://pics.example.com/dir/a%20b.zip?_upt=1"],
  ["an address of this machine", "http://127.0.0.1/pics.example.com/dir/a%20b.zip"],
  ["an address of this site", "http://10.1.2.3/pics.example.com/dir/a%20b.zip"],
  ["a mapped address of this machine", "http://[::ffff:127.0.0.1]/pics.example.com/dir/a%20b.zip"],
  ["an address that says who it is", "http://user@203.0.113.7/pics.example.com/dir/a%20b.zip"],
  ["another scheme", "ftp://203.0.113.7/pics.example.com/dir/a%20b.zip"],
  ["broken encoding", "http://203.0.113.7/pics.example.com/dir/a%2"],
  ["a relative place", "/404.png"],
] as const) {
  test(`does not go to ${title}`, () => {
    assert.equal(allowedHop(from, location), undefined);
  });
}

test("does not go back from https to http on the same host", () => {
  const secure = { origin: "https://pics.example.com", target: "/a" };
  assert.equal(allowedHop(secure, "http://pics.example.com/a"), undefined);
});
