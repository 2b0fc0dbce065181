/**
 * The parts of a real 1×1 grey JPEG. Everything between head and tail must be comment segments
 * (`commentHeader`), so that a picture of any size still decodes.
 */
export const jpegHead = Buffer.from(
  "ffd8" /* SOI */ + "ffe000104a46494600010100000100010000" /* APP0, JFIF */,
  "hex",
);

export const jpegTail = Buffer.from(
  `ffdb004300${"01".repeat(64)}` + // quantisation table
    "ffc0000b080001000101011100" + // baseline, 1×1, one component
    `ffc4001400${"01".padEnd(32, "0")}00` + // DC table: one code, "0"
    `ffc4001410${"01".padEnd(32, "0")}00` + // AC table: one code, "0" = end of block
    "ffda0008010100003f003f" + // scan: DC 0, end of block, padding
    "ffd9", // EOI
  "hex",
);

/** Payload bytes that one comment segment can hold. */
export const commentCapacity = 65_533;

/** Marker and length of a comment segment that holds `payload` bytes. */
export function commentHeader(payload: number): Buffer {
  const header = Buffer.from([0xff, 0xfe, 0, 0]);
  header.writeUInt16BE(payload + 2, 2);
  return header;
}
