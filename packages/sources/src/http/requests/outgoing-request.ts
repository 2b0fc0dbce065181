/** What goes over the wire, and how long its answer is waited for. */
export interface OutgoingRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: "GET" | "HEAD";
  /** Name, value, name, value… Not changed. */
  readonly headers: string[];
  /** Milliseconds, both. */
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}
