import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { chooseProxies } from "@brigade/sources/get";
import { failure } from "../failure.ts";
import { serve } from "../scenario.ts";
import { find, read, sendFile } from "./scene.ts";

const content = { bytes: Buffer.from("0123456789"), etag: '"one"' };

/**
 * A SOCKS5 proxy that wants this user and password (RFC 1928, 1929) and connects to one port
 * whatever is asked for.
 */
async function serveSocks(
  t: TestContext,
  user: string,
  password: string,
  port: number,
  asked: Buffer[] = [],
): Promise<string> {
  const { connect } = await import("node:net");
  const talk = async (socket: Socket) => {
    const next = async (): Promise<Buffer> => (await once(socket, "data"))[0];
    const methods = await next();
    if (!methods.subarray(2).includes(2)) return socket.end(Buffer.from([5, 255]));
    socket.write(Buffer.from([5, 2]));
    const login = await next();
    const given = login.subarray(2).toString();
    if (!given.startsWith(user) || !given.endsWith(password)) return socket.end(Buffer.from([1, 1]));
    socket.write(Buffer.from([1, 0]));
    asked.push(await next());
    const target = connect(port, "127.0.0.1", () => {
      socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]));
      socket.pipe(target).pipe(socket);
    });
    target.on("error", () => socket.destroy());
    return socket.on("close", () => target.destroy());
  };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    talk(socket).catch(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("reaches a server through SOCKS5 with a user and a password, decoded; the proxy looks its name up", async (t) => {
  const { url } = await serve(t, (request, response) => sendFile(request, response, content));
  const proxy = await serveSocks(t, "me", "p@ss", Number(new URL(url).port));
  const file = await find(t, "http://store.invalid/a.zip", {
    proxies: chooseProxies(`socks5://me:p%40ss@${proxy}`, {}),
  });
  assert.equal(await read(file, 3, 5), "345");
  for (const login of ["me:wrong@", ""])
    await assert.rejects(
      find(t, "http://store.invalid/", { proxies: chooseProxies(`socks5://${login}${proxy}`, {}) }),
      failure("misconfigured", /the proxy .*:\d+ \(--proxy\) refuses our user and password/),
    );
});

test("SOCKS5 is asked for an address as such, and for a name as a name", async (t) => {
  const { url } = await serve(t, (request, response) => sendFile(request, response, content));
  const asked: Buffer[] = [];
  const proxy = await serveSocks(t, "me", "pw", Number(new URL(url).port), asked);
  const proxies = chooseProxies(`socks5h://me:pw@${proxy}/ignored?path`, {});
  for (const host of ["[2001:db8::7]:81", "192.0.2.9:81", "a.invalid:81"])
    assert.equal((await find(t, `http://${host}/a.zip`, { proxies })).length, 10, host);
  const name = Buffer.from("a.invalid").toString("hex");
  assert.deepEqual(
    asked.map((request) => request.toString("hex")),
    ["0501000420010db80000000000000000000000070051", "05010001c00002090051", `0501000309${name}0051`],
  );
});

test("reaches a server through an HTTP proxy with a user and a password", async (t) => {
  const proxy = await serve(t, (request, response) => {
    if (request.headers["proxy-authorization"] !== `Basic ${Buffer.from("me:p@ss").toString("base64")}`)
      return response.writeHead(407).end();
    return sendFile(request, response, content);
  });
  const through = (login: string) => ({ proxies: chooseProxies(proxy.url.replace("//", `//${login}`), {}) });
  const file = await find(t, "http://store.invalid/a.zip", through("me:p%40ss@"));
  assert.equal(await read(file, 3, 5), "345");
  assert.equal(proxy.asked[0], "GET http://store.invalid/a.zip");
  const refused = failure("misconfigured", /the proxy .*:\d+ \(--proxy\) refuses our user and password/);
  await assert.rejects(find(t, "http://store.invalid/", through("me:wrong@")), refused);
});
