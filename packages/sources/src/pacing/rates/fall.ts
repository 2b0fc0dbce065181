/** Requests that were sent while a rate fell to a part of what it was. */
interface Stage {
  /** The rate at its beginning, requests per second. */
  readonly from: number;
  served: number;
  refused: number;
}

/** A stage ends at this part of its first rate, and after at least this number of requests. */
const partOfRate = 1 / 4;
const enough = 24;
/** A limit refuses less than this part of the share at the lower rate. */
const helpful = 2 / 3;
/**
 * A limit can cause smaller shares, if many hosts share it; and larger ones, if it is far below the
 * rate.
 */
const shares = { least: 0.06, most: 0.6 };
/**
 * Requests per second. Lower rates prove nothing, because limits that many hosts share look like
 * that.
 */
const slowest = 1;

/**
 * The outcomes of requests while their rate fell, from one refusal to the next. A limit refuses a
 * smaller and smaller share of them. If the share stays the same, slowing down does not help, and
 * the rate is not the reason.
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
   * The rate is cut again, after a number of requests at about this rate; `servedLately`: in the
   * last second. Returns the share that is refused at any rate, when it is known.
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
