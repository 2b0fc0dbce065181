import type { Socket } from "node:net";
import type { Dispatcher } from "undici";
import { Client, errors } from "../connecting/undici.ts";
import type { AskedRequest } from "../requests/asked-request.ts";

/**
 * Has undici read the answer to a request that was sent over this socket, and close the socket
 * after it. `begun`: its first bytes. Those that follow are to be pushed into the socket, as soon
 * as it is read from.
 */
export function passOn(
  socket: Socket,
  begun: Buffer,
  asked: AskedRequest,
  handler: Dispatcher.DispatchHandler,
): void {
  const client = new Client(asked.origin, {
    allowH2: false,
    // undici expects to be told later. It would ask for another connection in place of one that is
    // closed.
    connect: (_where, done) =>
      process.nextTick(() => {
        if (socket.destroyed) void client.destroy(socket.errored ?? new errors.SocketError("closed"));
        else done(null, socket);
      }),
  });
  const { write } = socket;
  socket.write = () => {
    // It has been sent already. undici takes no byte that comes before it has sent a request.
    socket.write = write;
    socket.push(begun);
    return true;
  };
  client.dispatch({ ...asked, reset: true }, handler);
}
