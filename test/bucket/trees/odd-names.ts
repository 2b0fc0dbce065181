/** Names that a bucket may hold and that clients get wrong, each with its own few bytes. */
export const oddNames: readonly string[] = [
  "with space.jpg",
  " leading and trailing ",
  "percent%.jpg",
  "100%.jpg",
  "a%2fb",
  "a%20b.jpg",
  "hash#tag.jpg",
  "what?.jpg",
  "a+b.jpg",
  "a&b=c;d,e@f$g.jpg",
  "it's.jpg",
  'quo"te.jpg',
  "back`tick.jpg",
  "back\\slash.jpg",
  "brackets[1]{2}(3)<4>|^~.jpg",
  "colon:star*.jpg",
  "emoji-😀.jpg",
  "中文 a#b.txt",
  "e\u0301-decomposed.jpg",
  "\u00e9-composed.jpg",
  "Case.jpg",
  "case.jpg",
  "CASE.JPG",
  "pic!s400.jpg",
  "pic.jpg!s400",
  "bang!.jpg",
  "-dash-first.jpg",
  "...",
  ".hidden",
  ".brigade",
  "CON",
  "nul.txt",
  "trailing.dot.",
  "trailing space ",
  "$HOME",
  "control\u0001\u007f.jpg",
  `${"long".repeat(63)}.jp`,
  `${"中".repeat(84)}.jp`,
  "no-extension",
  "__proto__",
  "constructor",
];

/**
 * The odd names as objects, some zero bytes long; also each as a directory `<name>.d` with a file
 * in it.
 */
export function oddObjects(): Map<string, Uint8Array> {
  const objects = new Map<string, Uint8Array>();
  for (const name of oddNames) objects.set(name, Buffer.from(`bytes of ${name}`));
  for (const name of oddNames) {
    if (Buffer.byteLength(name) <= 253) objects.set(`${name}.d/inside.txt`, Buffer.from(`inside ${name}`));
  }
  objects.set("empty.jpg", new Uint8Array());
  objects.set("empty", new Uint8Array());
  objects.set(".brigade.d/volume.json", Buffer.from("not ours"));
  return objects;
}
