import { randomStream } from "./random.ts";
import { type ExplicitObject, type ExplicitTree, explicitTree } from "./trees/explicit.ts";

const days = 60;
const picturesPerDay = 50;
/** Bytes. The sizes are log-normal with a mean of about 33 kB, as in a real picture bucket. */
const medianSize = 22_000;
const spread = 0.9;
const smallest = 2_000;
const greatest = 600_000;
/** 2016-11-09. */
const firstDay = Date.UTC(2016, 10, 9);
const dayMs = 86_400_000;

const oddPictures = [
  "with space.jpg",
  "100%.jpg",
  "a%2fb.jpg",
  "hash#tag.jpg",
  "what?.jpg",
  "a+b.jpg",
  "it's.jpg",
  "back`tick.jpg",
  "emoji-😀.jpg",
  "中文照片.jpg",
  "Case.jpg",
  "case.jpg",
  "old!s400.jpg",
  `${"long".repeat(62)}.jpg`,
];

/**
 * The bucket of the demo: about 3,000 pictures in folders by date, some with odd names, and an
 * empty file.
 */
export function sampleTree(seed = 20_161_109): ExplicitTree {
  const random = randomStream(seed);
  const picture = (at: number): ExplicitObject => ({
    size: pictureSize(random),
    modified: Math.floor((at + random() * dayMs) / 1000),
  });
  const tree = explicitTree();
  for (let day = 0; day < days; day++) {
    const at = firstDay + day * dayMs;
    const folder = new Date(at).toISOString().slice(0, 10).replaceAll("-", "/");
    for (let index = 0; index < picturesPerDay; index++) {
      const number = String(Math.floor(random() * 1e6)).padStart(6, "0");
      tree.put(`${folder}/img_${number}_${String(index).padStart(2, "0")}.jpg`, picture(at));
    }
  }
  for (const name of oddPictures) tree.put(`odd names/${name}`, picture(firstDay));
  tree.put("odd names/empty.jpg", { size: 0, modified: Math.floor(firstDay / 1000) });
  tree.put("readme.txt", { bytes: Buffer.from("The sample bucket of brigade's demo.\n") });
  return tree;
}

/** Box-Muller, cut to what pictures weigh. */
function pictureSize(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.round(Math.min(greatest, Math.max(smallest, medianSize * Math.exp(spread * normal))));
}
