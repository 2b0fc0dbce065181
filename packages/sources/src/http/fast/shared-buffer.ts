import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { buildConnector } from "undici";
import { type ServerSettings, socketOpener, toFirstAddress } from "../connecting/connector.ts";

/** What reads from a socket. */
export interface Reader {
  /** Bytes came, at the start of the memory for them. Returns whether to continue to read. */
  came(bytes: Buffer): boolean;
  /**
   * Returns the memory for the next bytes; `undefined` for a buffer that all such sockets of a
   * thread share: then the reader has to copy what it keeps.
   */
  memory(): Buffer | undefined;
}

/** A socket whose bytes are read into memory that is used again. */
export interface SharedBufferSocket {
  readonly socket: Socket;
  /** Sets who reads all bytes. */
  read(reader: Reader): void;
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
      done(null, { socket, read: (reader) => inlet.open(reader) });
    });
}

class Inlet {
  /** For the socket's constructor. */
  readonly onread = {
    buffer: (): Buffer => this.#reader?.memory() ?? buffer,
    callback: (bytes: number, memory: Uint8Array): boolean => {
      const came = (memory as Buffer).subarray(0, bytes);
      if (this.#reader !== undefined) return this.#reader.came(came);
      this.#early = Buffer.from(came);
      return false;
    },
  };
  #reader: Reader | undefined;
  /** Bytes that came before there was a reader. */
  #early: Buffer | undefined;

  open(reader: Reader): void {
    this.#reader = reader;
    if (this.#early !== undefined) reader.came(this.#early);
  }
}
