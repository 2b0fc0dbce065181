import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { Transform } from "node:stream";

/** A connection to a server that a test can slow down and cut. */
export interface Relay extends AsyncDisposable {
  readonly url: string;
  /** Connections that were cut. */
  readonly cuts: number;
  /** Bytes that came from the server and were passed on. */
  readonly passed: number;
}

export interface RelayOptions {
  /** How long a connection lives before it is cut, milliseconds. */
  readonly lifeMs?: number;
  /** Bytes per second and connection. */
  readonly rate?: number;
}

export async function startRelay(target: string, { lifeMs, rate }: RelayOptions): Promise<Relay> {
  const { hostname, port } = new URL(target);
  let cuts = 0;
  let passed = 0;
  const open = new Set<() => void>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    const end = () => {
      clearTimeout(timer);
      near.destroy();
      far.destroy();
      open.delete(end);
    };
    const cut = () => {
      cuts += 1;
      near.resetAndDestroy();
      end();
    };
    const timer = lifeMs === undefined ? undefined : setTimeout(cut, lifeMs);
    open.add(end);
    const paced = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        const pass = () => {
          if (!near.destroyed) passed += chunk.length;
          next(null, chunk);
        };
        if (rate === undefined) pass();
        else setTimeout(pass, (chunk.length * 1000) / rate);
      },
      readableHighWaterMark: 0,
      writableHighWaterMark: 0,
    });
    near.pipe(far, { end: false });
    far.pipe(paced).pipe(near);
    for (const socket of [near, far]) socket.on("error", end).on("close", end);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cuts() {
      return cuts;
    },
    get passed() {
      return passed;
    },
    async [Symbol.asyncDispose]() {
      for (const end of [...open]) end();
      server.close();
      await once(server, "close");
    },
  };
}
