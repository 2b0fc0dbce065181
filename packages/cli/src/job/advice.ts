/** What the operator of a job can do when it has ended with shortcomings. Whole sentences. */
export interface Advice {
  /** All objects are accounted for, but some failed. */
  readonly failed: string;
  /** Not all objects are accounted for. */
  readonly holes: string;
}

/** For `copy`, and for those who ask its accounts. */
export const adviceForCopy: Advice = {
  failed: "Run the same `brigade copy` again to try them again.",
  holes: "Run the same `brigade copy` again to fill the holes.",
};

/** For those who ask the ledger of a fleet. */
export function adviceForFleet(source: string): Advice {
  return {
    failed: `\`brigade failed ${source}\` shows why, \`brigade retry ${source}\` puts them back to work.`,
    holes:
      `\`brigade retry ${source}\` lists again what is missing; ` +
      `\`brigade dead-letters list ${source}\` shows messages that could not be read.`,
  };
}
