/**
 * Eighty names that need escaping: in a URL, in HTML, in JSON, in a shell, on a disk. None begins
 * with a dot, because most servers do not list such names.
 */
export const awkwardNames: readonly string[] = [
  // Characters with a meaning in a URL.
  ...["my:file", "c:d", "http:x", "mailto:me@x", "data:,x", "javascript:alert(1)", "1:2"],
  ...["a#b.txt", "#", "#x#", "a?b.txt", "q?", "?", "?C=N;O=D", "?x.txt", "a?b#c"],
  ...["100%", "100% off.txt", "%", "%41", "%zz", "%2F", "%25", "%00", "%E4%B8%AD", "%ff"],
  ...["a+b", "a&b", "a=b", "a;b", "a@b", "a,b", "$1", "!", "~", "~x", "*", "(x)", "[x]", "{x}"],
  ...[
    "back\\slash",
    "\\",
    "C:\\x",
    "a|b",
    "a^b",
    "`tick`",
    "a--b",
    "-rf",

    "a..",
    "a...",
    "a...>",
  ].filter((name) => !name.startsWith(".")),
  // Characters with a meaning in HTML.
  ...[
    "&amp;",
    "&lt;",
    "a&copy=1",
    "&#65;",
    "<b>",
    "<script>alert(1)<",
    "a>b",
    'quo"te',
    '"',
    "it's",
    "'",
    "<!--",
  ],
  // Names that programs cut, trim, fold or do not show.
  ...[
    "a b",
    "a  b",
    " before",
    "behind ",
    "tab\there",
    "new\nline",
    "re\rturn",
    "bell\x07",
    "del\x7f",
    "no\u00a0break",
  ],
  ...[
    "é",
    "e\u0301",
    "ß",
    "中文.jpg",
    "日本語",
    "😀.png",
    "\u202eright-to-left",
    "zero\u200bwidth",
    "\ufeffmark",
    "İı",
  ],
  ...[
    "UPPER",
    "upper",
    "con",
    "nul.txt",
    "a.",
    "index of",
    "Parent Directory",
    "thumbs.db",
    "x.tar.gz",
    "x.html.gz",
  ],
  ...["n".repeat(200), "ü".repeat(100), `${"long name ".repeat(12)}?#%.txt`],
];
