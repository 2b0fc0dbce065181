/** What a node may be short of, as its `connection.blocked` says, and what helps. */
const remedies: Readonly<Record<string, string>> = {
  memory: "give its host memory, or raise vm_memory_high_watermark",
  disk: "free disk space on its host, or lower disk_free_limit",
};

/** In words for people: "low on memory" is how the broker says it. */
export function describeAlarm(reason: string): string {
  const short = Object.keys(remedies).find((resource) => reason.includes(resource));
  if (short === undefined) return `the broker takes nothing: ${reason}`;
  return `the broker is short of ${short}: it takes nothing until it has some again (${remedies[short]})`;
}
