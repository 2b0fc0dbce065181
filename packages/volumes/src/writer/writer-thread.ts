import { serveVolume } from "./served-volume.ts";

/* Entry of a volume's writer thread, where the main thread fetches. */

serveVolume();
