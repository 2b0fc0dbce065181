// biome-ignore lint/correctness/noUnresolvedImports: its types are declared in a way that Biome does not read
import { type AST, RegExpParser } from "@eslint-community/regexpp";

export type { AST };

/** The ways through an expression, as a tree. */
export function waysOf(pattern: RegExp): readonly AST.Alternative[] {
  return new RegExpParser().parsePattern(pattern.source).alternatives;
}
