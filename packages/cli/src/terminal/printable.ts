/**
 * Characters that control a terminal, or the order in which it shows text: C0, DEL and C1 controls,
 * marks and overrides of direction, separators of lines, and halves of surrogate pairs.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is made visible
const controls = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\p{Surrogate}]/gu;
/** Those of them that JSON allows in a string. */
const controlsInJson = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\p{Surrogate}]/gu;

/**
 * Returns text from outside (keys, reasons) as a terminal may show it: a control character as
 * `\x1b`, one above U+00FF as `\u202e`.
 */
export function printable(text: string): string {
  return text.replace(controls, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/** Returns JSON that means the same, with control characters as `\u` escapes. */
export function printableJson(json: string): string {
  return json.replace(controlsInJson, (character) => `\\u${hex(character.charCodeAt(0), 4)}`);
}

/**
 * Makes all texts in a value that JSON can hold printable, names of fields too. Stack traces keep
 * their lines.
 */
export function printableValue(value: unknown, name = ""): unknown {
  if (typeof value === "string")
    return name === "stack" ? value.split("\n").map(printable).join("\n") : printable(value);
  if (Array.isArray(value)) return value.map((one) => printableValue(one));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [printable(key), printableValue(one, key)]),
  );
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
