import { connect } from "amqplib";

/** Makes the exchanges and queues of a source as the version before made them. */
export async function declareUndivided(url: string, source: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const x = (name: string) => `brigade.${source}.x.${name}`;
  const quorum = { "x-queue-type": "quorum", "x-delivery-limit": 1_000_000 };
  for (const name of ["work", "records", "dead"]) await channel.assertExchange(x(name), "direct");
  const queue = async (name: string, ways: readonly (readonly [string, string])[], more = {}) => {
    await channel.assertQueue(`brigade.${source}.${name}`, { arguments: { ...quorum, ...more } });
    for (const [exchange, key] of ways)
      await channel.bindQueue(`brigade.${source}.${name}`, x(exchange), key);
  };
  await queue("directories", [["work", "directory"]]);
  await queue("files", [["work", "file"]]);
  await queue("retry", [["work", "retry"]]);
  const records = [
    ["records", "record"],
    ["work", "record"],
  ] as const;
  await queue("records", records, { "x-single-active-consumer": true });
  await queue("dead", [["dead", "dead"]]);
  for (const seconds of [1, 10, 60, 600]) {
    const name = `wait.${seconds}s`;
    await channel.assertExchange(x(name), "fanout");
    await queue(name, [[name, ""]], {
      "x-message-ttl": seconds * 1_000,
      "x-dead-letter-exchange": x("work"),
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
    });
  }
  await connection.close();
}
