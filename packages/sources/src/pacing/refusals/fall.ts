/** Requests that were sent while a rate fell to a part of what it was. */
interface Stage {
  /** The rate that it begins with, requests a second. */
  readonly from: number;
  served: number;
  refused: number;
}

/** A stage ends at this part of the rate that it began with, after so many requests at least. */
const partOfRate = 1 / 4;
const enough = 24;
/** A limit refuses less than this part of the share, at so much lower a rate. */
const helpful = 2 / 3;
/** Of smaller shares a limit can be the cause, where many share it; of larger ones too, where it is far below. */
const shares = { least: 0.06, most: 0.6 };
/** Requests a second: from lower rates nothing is learnt, since limits that many share are of this kind. */
const slowest = 1;

/**
 * What became of requests while their rate fell, from one refusal to the next. A limit refuses a smaller and smaller share of them;
 * where the share stays, slowing down does not help, and they are not refused for their rate.
 */
export class Fall {
  #mostServed = 0;
  #stage: Stage | undefined;
  #before: Stage | undefined;

  /** The most that was served in a second. */
  get mostServed(): number {
    return this.#mostServed;
  }

  /** A rate is cut that was not refused for some time. */
  begin(servedLately: number): void {
    this.#mostServed = servedLately;
    this.#stage = undefined;
    this.#before = undefined;
  }

  /**
   * It is cut again, after so many requests at about this rate; `servedLately`: in the last second. Gives the share that is refused
   * at any rate, once that has shown.
   */
  goOn(rate: number, served: number, refused: number, servedLately: number): number | undefined {
    this.#mostServed = Math.max(this.#mostServed, servedLately);
    this.#stage ??= { from: rate, served: 0, refused: 0 };
    const stage = this.#stage;
    stage.served += served;
    stage.refused += refused;
    if (rate > stage.from * partOfRate || stage.served + stage.refused < enough) return undefined;
    const before = this.#before;
    this.#before = stage;
    this.#stage = undefined;
    return before === undefined ? undefined : steadyShare(before, stage);
  }
}

function steadyShare(before: Stage, after: Stage): number | undefined {
  const share = shareRefused(after);
  const isSteady = share >= helpful * shareRefused(before);
  const isLimits = after.from < slowest || share < shares.least || share > shares.most;
  return isSteady && !isLimits ? share : undefined;
}

function shareRefused({ served, refused }: Stage): number {
  return refused / (served + refused);
}
