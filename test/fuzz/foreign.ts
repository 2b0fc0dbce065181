import fc from "fast-check";

/** Words that every reader should meet. */
const everywhere = [
  ..."\0\t\n\r \"'\\/;:,=%<>[]{}()*?#&.-",
  ...[
    "\r\n",
    "..",
    "../",
    "/../",
    "%2e%2e/",
    "%00",
    "%",
    "\ufffd",
    "\ud800",
    "\u202e",
    "\x1b[2J",
    "文",
    "é",
    "e\u0301",
    "😀",
  ],
  ...[
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "9007199254740993",
  ],
];

/** Texts made of these words, of any characters, and of both. */
export function foreignText(words: readonly string[]): fc.Arbitrary<string> {
  const word = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...words) },
    { weight: 2, arbitrary: fc.constantFrom(...everywhere) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
  );
  const joined = fc.array(word, { maxLength: 40 }).map((all) => all.join(""));
  return fc.oneof({ weight: 6, arbitrary: joined }, { weight: 1, arbitrary: pumped(word) }, fc.string());
}

/** A valid text with a few places changed. */
export function spoiled(valid: fc.Arbitrary<string>, words: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(),
    dropped: fc.nat({ max: 12 }),
    added: fc.oneof(fc.constant(""), fc.constantFrom(...words, ...everywhere)),
  });
  return fc.tuple(valid, fc.array(change, { maxLength: 4 })).map(([text, changes]) =>
    changes.reduce((was, { at, dropped, added }) => {
      const from = was.length === 0 ? 0 : at % was.length;
      return was.slice(0, from) + added + was.slice(from + dropped);
    }, text),
  );
}

/**
 * One or two words repeated, up to 64 Ki characters: code that takes more than linear time shows
 * here.
 */
function pumped(word: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const length = 64 * 1024;
  return fc
    .tuple(word, fc.array(word, { minLength: 1, maxLength: 2 }), fc.integer({ min: 1, max: length }), word)
    .map(([before, unit, times, after]) => {
      const repeated = unit.join("");
      const most = Math.floor(length / Math.max(1, repeated.length));
      return before + repeated.repeat(Math.min(times, most)) + after;
    });
}
