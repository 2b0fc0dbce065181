import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { buildConnector } from "undici";
import { type ServerSettings, socketOpener, toFirstAddress } from "../connecting/connector.ts";

/**
 * A socket whose bytes are read into a buffer that all such sockets of a thread share: the receiver
 * has to copy what it keeps.
 */
export interface SharedBufferSocket {
  readonly socket: Socket;
  /** Sets the receiver of all bytes. It returns whether to continue to read. */
  receive(receiver: (bytes: Buffer) => boolean): void;
}

export type SharedBufferConnector = (
  where: buildConnector.Options,
  done: (error: Error | null, buffered: SharedBufferSocket | undefined) => void,
) => void;

/** The greatest number of bytes that one read returns. */
const buffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Connects as `connector` does. */
export function sharedBufferConnector({
  tls,
  connectTimeoutMs,
  reach,
}: ServerSettings): SharedBufferConnector {
  const inlets = new WeakMap<Socket, Inlet>();
  let session: Buffer | undefined;
  const openSocket = (where: buildConnector.Options, done: buildConnector.Callback) => {
    const inlet = new Inlet();
    const socket: Socket | TLSSocket = socketOpener(tls, { onread: inlet.onread, session })(where, done);
    socket.on("session", (fresh: Buffer) => {
      session = fresh;
    });
    inlets.set(socket, inlet);
    return socket;
  };
  const connect = toFirstAddress(openSocket, connectTimeoutMs, reach);
  return (where, done) =>
    connect(where, (...[error, socket]) => {
      const inlet = socket === null ? undefined : inlets.get(socket);
      if (error !== null || inlet === undefined) return done(error, undefined);
      done(null, { socket, receive: (receiver) => inlet.open(receiver) });
    });
}

class Inlet {
  /** For the socket's constructor. */
  readonly onread = {
    buffer,
    callback: (bytes: number): boolean => {
      if (this.#receiver !== undefined) return this.#receiver(buffer.subarray(0, bytes));
      this.#early = Buffer.from(buffer.subarray(0, bytes));
      return false;
    },
  };
  #receiver: ((bytes: Buffer) => boolean) | undefined;
  /** Bytes that came before there was a receiver. */
  #early: Buffer | undefined;

  open(receiver: (bytes: Buffer) => boolean): void {
    this.#receiver = receiver;
    if (this.#early !== undefined) receiver(this.#early);
  }
}
