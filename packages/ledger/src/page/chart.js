// @ts-check
import { element } from "./element.js";
import { formatBytes, formatClock, formatRate } from "./figures.js";
import { ask } from "./ledger.js";
import uPlot from "./uplot.js";

/** @import { JobStatus, Rate } from "../wire/status.ts" */

/** What is shown, seconds. */
const spans = { "5 min": 300, "6 h": 6 * 3_600 };
const height = 150;
/** Samples may not be further apart, seconds, to be joined by a line. */
const gap = 30;

/** Files and bytes a second of one job, over time. */
export class Charts {
  #job = "";
  /** @type {Rate[]} */
  #rates = [];
  /** @type {keyof typeof spans} */
  #span = "5 min";
  #plots = [
    new Plot("files/s", "--files", formatRate, ({ objects }) => objects),
    new Plot("stored/s", "--bytes", formatBytes, ({ bytes }) => bytes),
  ];
  #buttons = Object.keys(spans).map((span) => element("button", { type: "button", class: "quiet" }, span));

  constructor() {
    this.root = element(
      "div",
      { class: "charts" },
      element("div", { class: "line spans" }, ...this.#buttons),
      ...this.#plots.map(({ root }) => root),
    );
    for (const button of this.#buttons) {
      button.addEventListener("click", () => {
        this.#span = /** @type {keyof typeof spans} */ (button.textContent);
        this.draw();
      });
    }
    new ResizeObserver(() => this.draw()).observe(this.root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /**
   * Adds what is so now; fetches what was before.
   *
   * @param {JobStatus} job
   * @param {number} at
   */
  update(job, at) {
    if (this.#job !== job.id) {
      this.#job = job.id;
      this.#rates = [];
      void this.refetch();
    }
    if (job.state === "open") this.#rates.push({ at, ...job.rate });
    const from = at - spans["6 h"] * 1_000;
    while ((this.#rates[0]?.at ?? at) < from) this.#rates.shift();
    this.draw();
  }

  /** Asks for what was before, also for what was missed while the ledger was away. */
  async refetch() {
    const job = this.#job;
    /** @type {Rate[]} */
    let before;
    try {
      before = await (await ask(`rates?job=${encodeURIComponent(job)}`)).json();
    } catch {
      return; // the chart then shows what is told from now on; that the ledger is away is said elsewhere
    }
    if (job !== this.#job) return;
    const last = before.at(-1)?.at ?? 0;
    this.#rates = [...before, ...this.#rates.filter(({ at }) => at > last)];
    this.draw();
  }

  draw() {
    for (const button of this.#buttons) {
      button.setAttribute("aria-pressed", String(button.textContent === this.#span));
    }
    const end = this.#rates.at(-1)?.at ?? Date.now();
    const from = end - spans[this.#span] * 1_000;
    const shown = joined(this.#rates.filter(({ at }) => at >= from));
    for (const plot of this.#plots) plot.draw(shown, from / 1_000, end / 1_000, this.root.clientWidth);
  }
}

/** One line over time. */
class Plot {
  #value;
  #chart;
  #now = element("strong", {});
  #format;

  /**
   * @param {string} name
   * @param {string} color a property of the style sheet
   * @param {(value: number) => string} format
   * @param {(rate: Rate) => number} value
   */
  constructor(name, color, format, value) {
    this.#value = value;
    this.#format = format;
    const drawing = element("div", {});
    const caption = element("figcaption", {}, element("span", {}, name), " ", this.#now);
    this.root = element("figure", { class: "chart" }, caption, drawing);
    const ink = () => styleOf("--muted");
    const axis = { stroke: ink, grid: { stroke: () => styleOf("--line"), width: 1 }, ticks: { show: false } };
    this.#chart = new uPlot(
      {
        width: 300,
        height,
        padding: [8, 16, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, sync: { key: "rates" } },
        scales: { x: { time: true }, y: { range: (_, _least, most) => [0, (most || 1) * 1.1] } },
        axes: [
          {
            ...axis,
            font: "11px system-ui",
            space: 60,
            size: 24,
            values: (_, ticks) => ticks.map(formatClock),
          },
          {
            ...axis,
            font: "11px system-ui",
            size: 62,
            space: 30,
            values: (_, ticks) => ticks.map((tick) => (tick === 0 ? "0" : format(tick))),
          },
        ],
        series: [
          {},
          {
            stroke: () => styleOf(color),
            fill: () => `${styleOf(color)}26`,
            width: 1.5,
            points: { show: false },
            spanGaps: false,
          },
        ],
        hooks: { setCursor: [(chart) => this.#point(chart.cursor.idx ?? undefined)] },
      },
      [[], []],
      drawing,
    );
  }

  /**
   * @param {readonly (Rate | { at: number })[]} rates
   * @param {number} from Unix seconds, like `to`
   * @param {number} to
   * @param {number} width
   */
  draw(rates, from, to, width) {
    if (width > 0 && width !== this.#chart.width) this.#chart.setSize({ width, height });
    const values = rates.map((rate) => ("bytes" in rate ? this.#value(rate) : null));
    this.#chart.setData([rates.map(({ at }) => at / 1_000), values], false);
    this.#chart.batch(() => {
      this.#chart.setScale("x", { min: from, max: to });
    });
    this.#point(this.#chart.cursor.idx ?? undefined);
  }

  /** Tells the value under the pointer, or the last one. @param {number | undefined} index */
  #point(index) {
    const values = this.#chart?.data[1] ?? [];
    const value = index === undefined ? values.at(-1) : values[index];
    this.#now.textContent = typeof value === "number" ? this.#format(value) : "–";
  }
}

/** With a point without value in every gap: nothing is known of it. @param {readonly Rate[]} rates */
function joined(rates) {
  return rates.flatMap((rate, i) => {
    const before = rates[i - 1]?.at ?? rate.at;
    return rate.at - before > gap * 1_000 ? [{ at: before + 1 }, rate] : [rate];
  });
}

/** @param {string} property */
function styleOf(property) {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim();
}
