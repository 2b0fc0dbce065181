import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { buildConnector } from "undici";
import { beginner, type ServerSettings, toAnyAddress } from "../connecting/connector.ts";

/**
 * A socket whose bytes are read into memory that all such sockets of a thread share: they are to be
 * taken at once.
 */
export interface Wire {
  readonly socket: Socket;
  /** From now on, what comes goes there. It returns whether to read on. */
  receive(take: (bytes: Buffer) => boolean): void;
}

export type WireConnector = (
  where: buildConnector.Options,
  done: (error: Error | null, wire: Wire | undefined) => void,
) => void;

/** Bytes that are read at once. */
const slab = Buffer.allocUnsafeSlow(64 * 1024);

/** Connects as `connector` does. */
export function wireConnector({ tls, connectTimeoutMs, reach }: ServerSettings): WireConnector {
  const inlets = new WeakMap<Socket, Inlet>();
  let session: Buffer | undefined;
  const begin = (where: buildConnector.Options, done: buildConnector.Callback) => {
    const inlet = new Inlet();
    const socket: Socket | TLSSocket = beginner(tls, { onread: inlet.onread, session })(where, done);
    socket.on("session", (fresh: Buffer) => {
      session = fresh;
    });
    inlets.set(socket, inlet);
    return socket;
  };
  const connect = toAnyAddress(begin, connectTimeoutMs, reach);
  return (where, done) =>
    connect(where, (...[error, socket]) => {
      const inlet = socket === null ? undefined : inlets.get(socket);
      if (error !== null || inlet === undefined) return done(error, undefined);
      done(null, { socket, receive: (take) => inlet.open(take) });
    });
}

class Inlet {
  /** For the socket's constructor. */
  readonly onread = {
    buffer: slab,
    callback: (bytes: number): boolean => {
      if (this.#take !== undefined) return this.#take(slab.subarray(0, bytes));
      this.#early = Buffer.from(slab.subarray(0, bytes));
      return false;
    },
  };
  #take: ((bytes: Buffer) => boolean) | undefined;
  /** What came before anybody was there to take it. */
  #early: Buffer | undefined;

  open(take: (bytes: Buffer) => boolean): void {
    this.#take = take;
    if (this.#early !== undefined) take(this.#early);
  }
}
