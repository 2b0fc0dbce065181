/**
 * What a node may be short of (the words of its `connection.blocked`), and what the operator can
 * do.
 */
const remedies: Readonly<Record<string, string>> = {
  memory: "give its host memory, or raise vm_memory_high_watermark",
  disk: "free disk space on its host, or lower disk_free_limit",
};

/** Returns one line for people. `reason` is the broker's own text: "low on memory". */
export function describeAlarm(reason: string): string {
  const short = Object.keys(remedies).find((resource) => reason.includes(resource));
  if (short === undefined) return `the broker accepts nothing: ${reason}`;
  return `the broker is short of ${short}: it accepts nothing until it has some again (${remedies[short]})`;
}
