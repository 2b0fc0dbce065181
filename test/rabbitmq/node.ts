/**
 * A RabbitMQ of one's own, to be killed and broken. Loopback only; user and password are `guest`.
 */
export interface RabbitNode extends AsyncDisposable {
  /** For people: the kind of node, and its origin. */
  readonly description: string;
  readonly url: string;
  /** Of the management API, where that plugin was asked for. */
  readonly managementUrl: string | undefined;
  /** Id of the broker's process while it runs, if it runs on this machine (not in a container). */
  readonly pid: number | undefined;
  /** SIGKILL; what was not synced is lost. */
  kill(): Promise<void>;
  /** A clean shutdown; the data stays. */
  stop(): Promise<void>;
  /**
   * Starts it again on the same data and ports, after `kill` or `stop`. Resolves when a connection
   * succeeds.
   */
  start(): Promise<void>;
  /**
   * SIGKILL; it starts again without its data: with its first user and its first virtual host only.
   */
  loseData(): Promise<void>;
  /** `rabbitmqctl` with these arguments; resolves with what it prints. */
  ctl(...args: string[]): Promise<string>;
}

export interface NodeOptions {
  /** More lines for rabbitmq.conf. */
  readonly config?: string;
  readonly plugins?: readonly "rabbitmq_management"[];
}
