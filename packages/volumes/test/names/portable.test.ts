import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { below, randomOf } from "../../../../test/random.ts";
import { mapKey, type Traits, unmapPath } from "../../src/index.ts";

const portable: Traits = { caseSensitive: true, anyCharacter: true, nameMax: 255, names: "portable" };
const short: Traits = { ...portable, caseSensitive: false, anyCharacter: false, nameMax: 143 };

describe("a portable name", () => {
  test("is the key where that is one everywhere", () => {
    for (const key of [
      "a.jpg",
      "2019/08/img_0001.jpg",
      ".hidden",
      "a b,c=(1)[2]{3}#$&';^-@!+~",
      "中文/图片.png",
      "привет",
      "かな",
      "😀.gif",
    ])
      assert.equal(mapKey(key, portable), key);
  });

  test("has its capitals as they are, with a mark that distinguishes it from others", () => {
    assert.equal(mapKey("IMG_1.JPG", portable), "IMG_1%~uf3~.JPG");
    assert.equal(mapKey("Img_1.jpg", portable), "Img_1%~u1~.jpg");
    assert.equal(mapKey("DCIM/a", portable), "DCIM%~uf~/a");
    assert.equal(mapKey(".Hidden", portable), ".Hidden%~u1~");
    assert.equal(mapKey("v1.2-RC.final release", portable), "v1.2-RC.final release%~u6~");
  });

  test("comes back though a file system has changed the case of its letters", () => {
    assert.equal(unmapPath("img_1%~uf3~.jpg"), "IMG_1.JPG");
    assert.equal(unmapPath("IMG_1%~u1~.JPG"), "Img_1.jpg");
  });

  for (const [what, key, name] of [
    ["characters that Windows refuses", 'a:b*"<>|?\\', "a%~3a~b%~2a~%~22~%~3c~%~3e~%~7c~%~3f~%~5c~"],
    ["control characters", "a\nb\u007f", "a%~a~b%~7f~"],
    ["a dot at the end", "end.", "end%~2e~"],
    ["a blank at the end", "end ", "end%~20~"],
    ["the name of a device", "con", "%~63~on"],
    ["the name of a device with an extension", "lpt9.tar.gz", "%~6c~pt9.tar.gz"],
    ["the name of a device with blanks", "nul .txt", "%~6e~ul .txt"],
    ["the name of a device in capitals", "AUX.h", "%~41~UX%~u7~.h"],
    ["a device of the console", "conin$", "%~63~onin$"],
    ["a short name as Windows makes them", "photog~1.jpg", "photog~%~31~.jpg"],
    ["a letter that may be two characters", "é.jpg", "%~e9~.jpg"],
    ["a letter and its accent", "e\u0301.jpg", "e%~301~.jpg"],
    ["a capital beyond ASCII", "Я", "%~42f~"],
    ["small letters with one capital", "ςσ", "%~3c2~σ"],
    ["parts of a syllable", "\u1112\u1161", "%~1112~%~1161~"],
    ["characters that are not seen", "a\u200db\u00a0", "a%~200d~b%~a0~"],
    ["a mark of ours", "a%~u1~.jpg", "a%~25~~u1~.jpg"],
    ["our own folder", ".brigade", "%~2e~brigade"],
    ["our own folder in capitals", ".BRIGADE", "%~2e~BRIGADE%~uf7~"],
  ] as const) {
    test(`writes ${what} in another way`, () => {
      assert.equal(mapKey(key, portable), name);
      assert.equal(unmapPath(name), key);
    });
  }

  test("that is too long has pieces that are portable themselves", () => {
    for (const key of [
      `${"A".repeat(200)}${"b".repeat(200)}.JPG`,
      `${"x".repeat(252)}con.${"y".repeat(30)}`,
    ]) {
      for (let more = 0; more < 40; more++) {
        const long = "z".repeat(more) + key;
        const path = mapKey(long, portable);
        assert.equal(unmapPath(path), long);
        for (const piece of path.split("/")) assert.ok(isPortable(piece, 255), piece);
      }
    }
  });
});

const device = /^(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$|clock\$) *(\.|$)/i;

const shortName = /^(?=[^.]{1,8}(\.|$))[^.]{0,6}~\d{1,6}(\.[^.]{0,3})?$/;

/** Whether Windows holds a name as it is given. */
function isPortable(name: string, most: number): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Windows refuses them
  const isRefused = /[\u0000-\u001f\u007f"*:<>?\\|/]|[. ]$/.test(name) || device.test(name);
  return !isRefused && name.length <= 255 && Buffer.byteLength(name) <= most && !shortName.test(name);
}

/** Two names that a file system may take for one have the same. */
function folded(path: string): string {
  return path.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD");
}

const pieces = [
  ...'aAbBdDfFuUzZ0189 .~%+#:*?\\"<>|\n\tßſıİÉéçñÅΣσςЯя中文가\u1112\u1161\u11ab\u0301\u200d\u2028😀𐐀𐐨',
  ...[
    "%~",
    "%~u1~",
    "~1",
    "%~d",
    "%~f",
    "%~+",
    "%~25~~",
    "~25~",
    ".brigade",
    ".Brigade",
    "con",
    "NUL",
    "com1.",
  ],
  ...[
    "CON",
    "nul .",
    "x".repeat(61),
    "é".repeat(31),
    "É".repeat(20),
    "n".repeat(252),
    "A".repeat(120),
    "%~".repeat(40),
  ],
];

test("a disk that holds ASCII only gets nothing else", () => {
  assert.equal(mapKey("图/a.png", { ...portable, asciiOnly: true }), "%~56fe~/a.png");
});

for (const [name, traits] of Object.entries({ portable, short })) {
  test(`every key comes back from its portable path, and no file system takes two for one (${name})`, () => {
    const next = randomOf(7);
    const random = (n: number) => below(next, n);
    const keyOf = new Map<string, string>();
    for (let round = 0; round < 40_000; round += 1) {
      const parts = Array.from({ length: 1 + random(2) }, () =>
        Array.from({ length: 1 + random(5) }, () => pieces[random(pieces.length)]).join(""),
      );
      const key = parts.map((part) => (part === "." || part === ".." ? "x" : part)).join("/");
      const path = mapKey(key, traits);
      assert.equal(unmapPath(path), key);
      assert.equal(keyOf.get(folded(path)) ?? key, key, `${JSON.stringify(path)} is shared`);
      keyOf.set(folded(path), key);
      for (const piece of path.split("/"))
        assert.ok(
          isPortable(piece, traits.nameMax) && piece.toLowerCase() !== ".brigade",
          JSON.stringify(piece),
        );
    }
  });
}
