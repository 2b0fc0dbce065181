export {
  createDownloader,
  type Downloader,
  type DownloaderOptions,
  type DownloaderParts,
} from "./downloader.ts";
