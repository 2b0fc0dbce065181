export {
  createDownloader,
  type Downloader,
  type DownloaderOptions,
  type DownloaderParts,
} from "./downloader.ts";
export { fetchSegments, type SegmentOptions, type SegmentParts } from "./segments/fetch-segments.ts";
export { fetchWhole, type WholeOptions, type WholeParts } from "./segments/fetch-whole.ts";
export type { Piece, SegmentFile } from "./segments/segment-file.ts";
export { type ConnectionView, TransferMeter } from "./segments/transfer-meter.ts";
