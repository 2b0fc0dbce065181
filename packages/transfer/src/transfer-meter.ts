/** What a connection is at, for people to look at. */
export interface ConnectionView {
  readonly from: number;
  readonly at: number;
  readonly to: number;
  readonly state: "opening" | "receiving" | "waiting";
}

/** Where a transfer stands; the transfer keeps it up to date. */
export class TransferMeter {
  /** Bytes that came over the line, those that came twice too. */
  received = 0;
  connections: Iterable<ConnectionView> = [];
}
