import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TlsOptions } from "node:tls";
import { makeCertificate } from "../../../../../test/field/servers/ports.ts";
import { failure } from "../../failure.ts";
import type { RawAnswer } from "../../raw-server.ts";
import { type ClientName, chunked, pathOf, plain, type SceneOptions, sceneOf } from "./scene.ts";

type Scene = (answer: RawAnswer, options?: SceneOptions) => ReturnType<typeof sceneOf>;
type Case = (scene: Scene, t: TestContext) => Promise<void>;

/** What is true of each client, whatever server it asks. */
const cases: Record<string, Case> = {
  "answers of any length come complete over one connection, one after another": async (scene) => {
    const bodies = new Map([0, 1, 100, 70_000, 1_000_000].map((size) => [`/${size}`, "abc".repeat(size)]));
    const { read, sockets } = await scene((socket, head) =>
      socket.write(plain(bodies.get(pathOf(head)) ?? "")),
    );
    for (const [path, body] of [...bodies, ...bodies]) assert.ok((await read(path)) === body, path);
    assert.equal(sockets.size, 1);
  },

  "refusals, redirects and answers without a body are returned like any answer": async (scene) => {
    const answers: Record<string, string> = {
      "/404": plain("gone", ["X-Why: lost"], "404 Not Found"),
      "/503": plain("busy", ["Retry-After: 3"], "503 Service Unavailable"),
      "/302": plain("moved", ["Location: /b"], "302 Found"),
      "/204": "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
      "/304": 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 7\r\n\r\n',
    };
    const { ask } = await scene((socket, head) => socket.write(answers[pathOf(head)] ?? ""));
    const received: unknown[] = [];
    for (const path of Object.keys(answers)) {
      const { status, statusText, headers, body } = await ask(path);
      const { "content-length": _, ...others } = headers;
      received.push([status, statusText, others, Buffer.from(await body.bytes()).toString()]);
    }
    assert.deepEqual(
      received.map((one) => structuredClone(one)),
      [
        [404, "Not Found", { "x-why": "lost" }, "gone"],
        [503, "Service Unavailable", { "retry-after": "3" }, "busy"],
        [302, "Found", { location: "/b" }, "moved"],
        [204, "No Content", { "x-a": "1" }, ""],
        [304, "Not Modified", { etag: '"1"' }, ""],
      ],
    );
  },

  "a header that comes twice has two values, read as Latin-1": async (scene) => {
    const lines = ["X-A: 1", "x-a:2", "X-Name: caf\xe9", "X-Empty:"];
    const { ask } = await scene((socket) => socket.write(plain("x", lines), "latin1"));
    const { headers } = await ask("/");
    assert.deepEqual([headers["x-a"], headers["x-name"], headers["x-empty"]], [["1", "2"], "caf\xe9", ""]);
  },

  "an answer may come in pieces, its head byte by byte": async (scene) => {
    const { read, heads } = await scene((socket, head) => {
      const size = pathOf(head) === "/two" ? 40 : 1;
      void inPieces(socket, plain("abcdef", ["X-A: some text to make it longer"]), size);
    });
    assert.deepEqual([await read("/two"), await read("/one"), await read("/two")], Array(3).fill("abcdef"));
    assert.equal(heads.length, 3);
  },

  "chunks, no length, HTTP/1.0 and interim answers are read without another request": async (scene) => {
    const answers: Record<string, string> = {
      "/chunked": chunked("body"),
      "/1.0": "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody",
      "/103": `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${plain("body")}`,
      "/100": `HTTP/1.1 100 Continue\r\n\r\n${plain("body")}`,
      "/plain": plain("body"),
      "/end": "HTTP/1.1 200 OK\r\n\r\nbody",
    };
    const { read, heads } = await scene((socket, head) => {
      socket.write(answers[pathOf(head)] ?? "");
      if (["/end", "/1.0"].includes(pathOf(head))) socket.end();
    });
    for (const path of Object.keys(answers)) assert.equal(await read(path), "body", path);
    assert.equal(heads.length, Object.keys(answers).length);
  },

  "an answer that two parsers could read in two ways is refused as malformed": async (scene) => {
    const answers: Record<string, string> = {
      "two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
      "a coding beside a length":
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
      "a folded header": "HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 4\r\n\r\nbody",
      "bare LF": "HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
      "a blank before a colon": "HTTP/1.1 200 OK\r\nContent-Length : 4\r\n\r\nbody",
      "a head of 40 KB": plain("body", [`X-A: ${"a".repeat(40_000)}`]),
    };
    for (const [what, answer] of Object.entries(answers)) {
      const { read, heads } = await scene((socket) => socket.write(answer));
      await assert.rejects(read("/"), { isMalformed: true }, what);
      assert.equal(heads.length, 1, what);
    }
  },

  "after `Connection: close` another connection is used": async (scene) => {
    const { read, sockets } = await scene((socket) => socket.end(plain("body", ["Connection: close"])));
    assert.deepEqual([await read("/a"), await read("/b")], ["body", "body"]);
    assert.equal(sockets.size, 2);
  },

  "a body that ends early is damaged, and the next request is answered": async (scene) => {
    const { read } = await scene((socket, head) => {
      if (pathOf(head) === "/whole") socket.write(plain("body"));
      else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    await assert.rejects(read("/cut"), failure("damaged", /the body ended early/));
    assert.equal(await read("/whole"), "body");
  },

  "bytes behind a body do not become the answer to another request": async (scene) => {
    const { read } = await scene((socket, head) => {
      socket.write(plain("body") + (pathOf(head) === "/long" ? plain("evil") : ""));
    });
    assert.equal(await read("/long").catch(() => "body"), "body");
    for (let n = 0; n < 5; n++) assert.equal(await read(`/${n}`), "body");
  },

  "silence before the head, and in the middle of a body, ends with a timeout": async (scene) => {
    const silent = await scene(
      (socket, head) => {
        if (pathOf(head) === "/body") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        if (pathOf(head) === "/head") socket.write("HTTP/1.1 200 OK\r\nX-A: ");
      },
      { timeoutMs: 200 },
    );
    for (const path of ["/body", "/head", "/none"])
      await assert.rejects(silent.read(path), failure("transport", /no answer in time/), path);
  },

  "a request that is aborted before it is sent, while it waits, or in its body rejects with AbortError":
    async (scene) => {
      const { ask, read, heads } = await scene((socket, head) => {
        if (pathOf(head) === "/half") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\nhalf");
        if (pathOf(head) === "/whole") socket.write(plain("body"));
      });
      const given = (path: string, after: () => Promise<unknown>) => {
        const cancelling = new AbortController();
        const asked = ask(path, { signal: cancelling.signal }).then(({ body }) => body.bytes());
        void after().then(() => cancelling.abort());
        return assert.rejects(asked, { name: "AbortError" }, path);
      };
      const untilAsked = async (count: number) => {
        while (heads.length < count) await sleep(5);
      };
      await given("/connecting", async () => {});
      // Both at the same moment: else the second would get the connection of the first.
      const firstAsked = untilAsked(1);
      await Promise.all([given("/none", () => firstAsked), given("/queued", () => firstAsked)]);
      await given("/half", () => untilAsked(2).then(() => sleep(20)));
      assert.equal(await read("/whole"), "body");
      assert.deepEqual(heads.map(pathOf), ["/none", "/half", "/whole"]);
    },

  "neither a header nor a path can contain another request": async (scene) => {
    // undici uses a connection no more that was to send such a request.
    const { ask, heads } = await scene((socket) => socket.write(plain("body")), { connections: 20 });
    const secret = "token-of-mine";
    for (const headers of [
      ["authorization", `${secret}\r\nx-b: 1`],
      ["authorization", `${secret}\n`],
      ["authorization", `${secret}\0`],
      ["authorization", `${secret}\u0100`],
      ["x\r\na", "1"],
      ["a b", "1"],
      ["", "1"],
      ["transfer-encoding", "chunked"],
    ])
      await assert.rejects(ask("/", { headers }), (error: Error) => {
        assert.equal((error as Error & { code: string }).code, "UND_ERR_INVALID_ARG");
        assert.ok(!error.message.includes(secret));
        return true;
      });
    for (const path of ["/a b", "/a\r\nx: y", "a", "/\u0100"])
      await assert.rejects(ask(path), { code: "UND_ERR_INVALID_ARG" }, path);
    assert.equal(heads.length, 0);
  },

  "a body that is not read is not sent further, and comes complete when it is read": async (scene) => {
    const size = 32 * 1024 * 1024;
    const { ask, sockets } = await scene((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write(Buffer.alloc(size, "b"));
    });
    const { body } = await ask("/");
    const chunks = body.chunks();
    await chunks.next();
    const [socket] = sockets;
    let before = -1;
    while (socket !== undefined && before !== socket.writableLength) {
      before = socket.writableLength;
      await sleep(100);
    }
    assert.ok(before > size / 4, `${before} bytes are still to be sent`);
    let rest = 0;
    for await (const chunk of chunks) rest += chunk.byteLength;
    assert.ok(rest > 0 && rest < size);
    assert.ok(rest >= size - 1024 * 1024, `${rest}`);
  },

  "connections stay within their limit, and all waiting requests are answered": async (scene) => {
    const { read, sockets } = await scene((socket) => socket.write(plain("body")), { connections: 3 });
    const all = await Promise.all(Array.from({ length: 50 }, (_, n) => read(`/${n}`)));
    assert.deepEqual(new Set(all), new Set(["body"]));
    assert.ok(sockets.size <= 3, `${sockets.size}`);
  },

  "an answer to HEAD has no body, and its connection is closed": async (scene) => {
    const { ask, read, heads, sockets } = await scene((socket, head) => {
      socket.write(head.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" : plain("body"));
    });
    const { status, headers, body } = await ask("/a", { method: "HEAD" });
    assert.deepEqual([status, headers["content-length"], (await body.bytes()).byteLength], [200, "7", 0]);
    assert.match(heads[0] ?? "", /^connection: close$/im);
    assert.equal(await read("/b"), "body");
    assert.equal(sockets.size, 2);
  },

  "a request names its host, keeps the connection, and sends its headers unchanged": async (scene) => {
    const { ask, heads, url } = await scene((socket) => socket.write(plain("body")));
    await (await ask("/a?b=c", { headers: ["accept", "*/*", "X-Name", "caf\xe9"] })).body.bytes();
    assert.equal(
      heads[0],
      [
        "GET /a?b=c HTTP/1.1",
        `host: ${new URL(url).host}`,
        "connection: keep-alive",
        "accept: */*",
        "X-Name: caf\xe9",
      ].join("\r\n"),
    );
  },
};

/** TLS hides how a connection breaks. */
const casesWithoutTls: Record<string, Case> = {
  "a body whose connection is reset has broken off": async (scene) => {
    const { read } = await scene((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", () => socket.resetAndDestroy());
    });
    await assert.rejects(read("/"), failure("transport", /the connection broke off/));
  },
};

for (const name of ["undici", "fast"] satisfies ClientName[])
  for (const scheme of ["http", "https"])
    test(`${name} over ${scheme}`, async (t) => {
      const tls: TlsOptions | undefined = scheme === "https" ? makeCertificate(t) : undefined;
      for (const [title, run] of Object.entries({
        ...cases,
        ...(tls === undefined && casesWithoutTls),
      }))
        await t.test(title, (inner) =>
          run((answer, options) => sceneOf(inner, name, answer, { ...options, tls }), inner),
        );
    });

async function inPieces(socket: Socket, text: string, size: number): Promise<void> {
  for (let at = 0; at < text.length; at += size) {
    socket.write(text.slice(at, at + size));
    await sleep(2);
  }
}
