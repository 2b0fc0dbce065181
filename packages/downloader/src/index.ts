export { noRoom } from "./batch/full-volumes.ts";
export {
  createDownloader,
  type Downloader,
  type DownloaderOptions,
  type DownloaderParts,
} from "./downloader.ts";
