const job = '"job":{"id":"j","source":"photos","fingerprint":"f"}';
const result = `{"v":1,"type":"result",${job},"host":"h","at":1,"pages":`;

/** So many bytes of a pattern, between two texts. */
function filled(head: string, pattern: string, tail: string, bytes: number): () => Buffer {
  return () => {
    const times = Math.floor((bytes - head.length - tail.length + 1) / (pattern.length + 1));
    const filling = Buffer.alloc(times * (pattern.length + 1) - 1, `${pattern},`);
    return Buffer.concat([Buffer.from(head), filling, Buffer.from(tail)]);
  };
}

const bound = 8 * 2 ** 20;
const slice = '[{"page":"p","directory":"","objects":[';

/** Bodies that are small to send and dear to read. */
export const bombs: Readonly<Record<string, () => Buffer>> = {
  "28 MB of zeros": filled(`${result}[`, "0", "]}", 28e6),
  "16 MB of zeros": filled(`${result}[`, "0", "]}", 16e6),
  "8 MiB of zeros": filled(`${result}[`, "0", "]}", bound),
  "8 MiB of empty objects": filled(`${result}[`, "{}", "]}", bound),
  "8 MiB of objects of one name": filled(`${result}[`, '{"":0}', "]}", bound),
  "half as many zeros as are allowed": filled(`${result}[`, "0", "]}", 900_000),
  "half as many wrong objects as are allowed": filled(`${result}${slice}`, "{}", "]}]}", 900_000),
  "many filters that are none": filled(
    `{"v":1,"type":"directory",${job},"attempt":0,"positions":[{"directory":"","walk":0,"page":1}],"filters":{"include":[`,
    "0",
    "]}}",
    900_000,
  ),
  "many directories that are none": filled(
    `{"v":1,"type":"page",${job},"directory":"","walk":0,"page":1,"id":"p","end":"last","count":0,"bytes":0,"directories":[`,
    "0",
    "]}",
    900_000,
  ),
  "arrays in each other": () => Buffer.from(`${result}${"[".repeat(4e6)}${"]".repeat(4e6 - 200)}}`),
  "objects in each other": () => Buffer.from(`${'{"a":'.repeat(1.3e6)}0${"}".repeat(1.3e6)}`),
  "many names": () =>
    Buffer.from(`{${Array.from({ length: 7e5 }, (_, i) => `"${i.toString(36)}":0`).join(",")}}`),
  "one text": () => Buffer.from(`${result}"${"x".repeat(bound - 200)}"}`),
  "one text that never ends": () => Buffer.from(`${result}"${'\\"'.repeat(bound / 2 - 100)}`),
};
