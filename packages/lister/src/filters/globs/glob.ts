import { MessageError } from "@brigade/core";
import picomatch from "picomatch";
import { choicesOf } from "./choices.ts";
import { matches } from "./match.ts";
import { compile, type Program, TooHard } from "./program.ts";

/** Characters. */
const longest = 1_000;
/** Steps of a backtracking matcher that cost about as much as ours, which does not track back. */
const fewSteps = 10_000;

/**
 * Why a glob is none; `undefined` for a good one. In a key such a character is meant by a backslash
 * before it.
 */
export function globProblem(glob: string): string | undefined {
  if (glob === "") return "it is empty";
  if (glob.length > longest) return `it is longer than ${longest} characters`;
  try {
    picomatch(glob, { ...matching(glob), strictBrackets: true, debug: true });
    compile(patternOf(glob));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The test of keys for a glob as picomatch reads it, in a time that grows with the length of glob
 * and key only: names come from servers, and the expression that picomatch makes may need hours for
 * a name that was made for it. Throws MessageError for a glob that `globProblem` refuses: it came
 * with a message.
 */
export function createGlob(glob: string): (key: string) => boolean {
  const pattern = patternOf(glob);
  const program = programOf(glob, pattern);
  const choices = choicesOf(pattern);
  const isLastPart = matching(glob).basename;
  return (key) => {
    if (key === glob) return true;
    const text = isLastPart ? lastPart(key) : key;
    return backtrackedSteps(text.length, choices) <= fewSteps ? pattern.test(text) : matches(program, text);
  };
}

function programOf(glob: string, pattern: RegExp): Program {
  if (glob.length > longest) throw new MessageError(`a glob is longer than ${longest} characters`);
  try {
    return compile(pattern);
  } catch (error) {
    if (!(error instanceof TooHard)) throw error;
    throw new MessageError(`the glob ${glob}: ${error.message}`, { cause: error });
  }
}

function patternOf(glob: string): RegExp {
  return picomatch.makeRe(glob, matching(glob));
}

function matching(glob: string) {
  return { dot: true, basename: !glob.includes("/") };
}

/**
 * Returns an upper bound: in how many ways `choices` choices can be spread over the characters of a
 * text.
 */
function backtrackedSteps(length: number, choices: number): number {
  let steps = 1;
  for (let n = 1; n <= choices && steps <= fewSteps; n++) steps *= (length + n) / n;
  return steps;
}

/** As picomatch sees it: that of `a/b/` is `b`. */
function lastPart(key: string): string {
  const path = key.endsWith("/") ? key.slice(0, -1) : key;
  return path.slice(path.lastIndexOf("/") + 1);
}
