import assert from "node:assert/strict";
import { test } from "node:test";
import { privateKind } from "../../../src/http/origins/private-address.ts";
import { NamedHosts, outOfReach, PrivateAddress, publicOnly } from "../../../src/http/origins/reach.ts";

const kinds = {
  loopback: "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1",
  "link-local": "169.254.169.254 fe80::1 fe80::1%eth0 febf::1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe",
  multicast: "224.0.0.1 239.255.255.255 ff02::1",
  private:
    "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.100.100.200 fc00::1 fd00:ec2::254 fec0::1 " +
    "::ffff:10.0.0.1 ::ffff:0:10.0.0.1 64:ff9b::a00:1 64:ff9b:1::808:808 64:ff9b:1:ffff::1 2002:a00:1:: " +
    "2001:db8::5efe:10.0.0.1 2001:db8::200:5efe:c0a8:101",
  unspecified: "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0",
  reserved: "255.255.255.255 240.0.0.1 192.0.0.192 168.63.129.16 100::1 2001:0:4136:e378::1 nonsense",
} as const;
const open = (
  "1.1.1.1 11.0.0.1 172.15.0.1 172.32.0.1 192.167.1.1 100.63.0.1 100.128.0.1 169.253.1.1 198.18.0.1 203.0.113.7 " +
  "223.255.255.255 2606:4700::1111 2001:db8::7 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1 2001:db8::5efe:8.8.8.8"
).split(" ");

for (const [kind, addresses] of Object.entries(kinds)) {
  test(`addresses that are ${kind} are recognised, in whatever form of IPv6 they come`, () => {
    for (const address of addresses.split(" ")) assert.equal(privateKind(address), kind, address);
  });
}

test("public addresses are public, in whatever form of IPv6 they come", () => {
  for (const address of open) assert.equal(privateKind(address), undefined, address);
});

test("of a foreign host's addresses the public ones are left; where none is, the refusal names the remedy", () => {
  assert.deepEqual(publicOnly.among("mixed.example", ["10.0.0.1", "1.1.1.1", "::1"]), ["1.1.1.1"]);
  assert.throws(
    () => publicOnly.among("inner.example", ["10.0.0.1", "::1"]),
    (error) =>
      error instanceof PrivateAddress &&
      /inner\.example is 10\.0\.0\.1.*ALLOW_PRIVATE=true/.test(error.message),
  );
});

test("a host that the user named may be private, but one that was public does not become so in the same run", () => {
  const hosts = new NamedHosts();
  for (const addresses of [["10.0.0.1"], ["1.1.1.1"], ["127.0.0.1"]])
    assert.deepEqual(hosts.among("nas.example", addresses), addresses);
  assert.deepEqual(hosts.among("store.example", ["1.1.1.1"]), ["1.1.1.1"]);
  assert.throws(() => hosts.among("store.example", ["127.0.0.1"]), PrivateAddress);
  assert.deepEqual(hosts.among("store.example", ["127.0.0.1", "1.0.0.1"]), ["1.0.0.1"]);
});

test("a host that is itself an address is judged without a name server", () => {
  for (const host of ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "[::1]", "[fd00::1]"])
    assert.ok(outOfReach(publicOnly, host) instanceof PrivateAddress, host);
  for (const host of ["store.example", "notlocalhost", "1.1.1.1", "[2606:4700::1111]"])
    assert.equal(outOfReach(publicOnly, host), undefined, host);
});
