import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddresses } from "../../../src/rabbitmq/connecting/address.ts";
import { brokerVariables } from "../../../src/rabbitmq/variables.ts";

test("an AMQP URL is parsed, percent-encoded or not", () => {
  const [address] = parseAddresses("amqps://me%40home:p%C3%A4ss%2F@broker.example:5999/photos%2Fnew") ?? [];
  assert.equal(address?.host, "broker.example:5999");
  assert.equal(address?.user, "me@home");
  assert.equal(address?.vhost, "photos/new");
  assert.deepEqual(address?.connect, {
    protocol: "amqps",
    hostname: "broker.example",
    port: 5999,
    username: "me@home",
    password: "päss/",
    vhost: "photos%2Fnew",
    heartbeat: 20,
  });
});

test("user, port and vhost may be left out", () => {
  const [address] = parseAddresses("amqp://[::1]") ?? [];
  assert.equal(address?.vhost, "/");
  assert.deepEqual(address?.connect, {
    protocol: "amqp",
    hostname: "::1",
    username: "guest",
    password: "guest",
    vhost: "%2F",
    heartbeat: 20,
  });
});

test("a text that is not an AMQP URL is refused, and the error does not show the text", () => {
  for (const url of [
    "",
    "http://a:secret@b",
    "amqp://",
    "amqp://a:secret%@b",
    "amqp://a:secret@b?heartbeat=0",
  ]) {
    const { success, error } = brokerVariables.safeParse({ AMQP_URL: url });
    assert.equal(success, false, url);
    assert.doesNotMatch(error?.message ?? "", /secret/);
  }
});

test("several AMQP URLs are read in their order, whatever blanks are between them", () => {
  const addresses = parseAddresses("  amqp://u:p@one/v\n\tamqp://u:q@two:5673/v  amqps://u:p@three/v ");
  assert.deepEqual(
    addresses?.map(({ host }) => host),
    ["one", "two:5673", "three"],
  );
});

test("addresses of which one is no AMQP URL, or has another user or vhost, are refused, as are 17", () => {
  const first = "amqp://u:secret@one/v";
  for (const others of ["two", "amqp://other:secret@two/v", "amqp://u:secret@two/other"])
    assert.equal(parseAddresses(`${first} ${others}`), undefined, others);
  assert.equal(parseAddresses(`${first} `.repeat(16))?.length, 16);
  assert.equal(parseAddresses(`${first} `.repeat(17)), undefined);
});
