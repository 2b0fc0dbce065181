import type { Socket } from "node:net";
import type { Dispatcher } from "undici";
import { Client, errors } from "../connecting/undici.ts";
import type { OutgoingRequest } from "../requests/outgoing-request.ts";

/**
 * Lets undici read the answer to a request that was already sent over this socket, and close the
 * socket after it. `begun`: the first bytes of the answer. The caller pushes the bytes that follow
 * into the socket.
 */
export function handOver(
  socket: Socket,
  begun: Buffer,
  outgoing: OutgoingRequest,
  handler: Dispatcher.DispatchHandler,
): void {
  const client = new Client(outgoing.origin, {
    allowH2: false,
    // undici expects this call later. In place of a closed socket it would open another one.
    connect: (_where, done) =>
      process.nextTick(() => {
        if (socket.destroyed) void client.destroy(socket.errored ?? new errors.SocketError("closed"));
        else done(null, socket);
      }),
  });
  const { write } = socket;
  socket.write = () => {
    // The request was sent before. undici accepts no bytes before it has sent a request itself.
    socket.write = write;
    socket.push(begun);
    return true;
  };
  client.dispatch({ ...outgoing, reset: true }, handler);
}
