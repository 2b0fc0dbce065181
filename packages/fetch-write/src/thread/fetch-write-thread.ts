import { serveVolume } from "@brigade/volumes/thread";
import { ThreadFetcher } from "./thread-fetcher.ts";

/* Entry of a volume's thread that fetches what it writes. */

serveVolume((needs) => new ThreadFetcher(needs));
