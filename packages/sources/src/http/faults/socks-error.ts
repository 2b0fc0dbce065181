/** The failure of a SOCKS5 proxy before it had connected. */
export class SocksError extends Error {
  override readonly name = "SocksError";
  /** `replied`: its answer to our request, by its name; the others: there was no such answer. */
  readonly kind: "replied" | "login" | "version" | "closed" | "silent" | "broken";
  readonly reply: string | undefined;

  constructor(message: string) {
    super(message);
    const [, reply] = /rejected connection - (\w+)/.exec(message) ?? [];
    this.reply = reply;
    this.kind = reply === undefined ? kindOf(message) : "replied";
  }
}

/** By the messages of the library `socks`. */
function kindOf(message: string): SocksError["kind"] {
  if (/authentication/i.test(message)) return "login";
  if (message.includes("invalid socks version")) return "version";
  if (/^Socket closed|ECONNRESET|EPIPE/.test(message)) return "closed";
  return message.includes("timed out") ? "silent" : "broken";
}
