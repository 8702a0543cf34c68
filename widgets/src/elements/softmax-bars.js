// <softmax-bars>: scores to be dragged, their exponentials, their weights, and how the weights move.
import { colourTable, inkOn } from "../frame/colours.js";
import { format, h, WidgetElement } from "../frame/element.js";
import { bare, labelsOf } from "../frame/labels.js";
import { index, list, number, temperature } from "../maths/link.js";
import { asNumber, COLDEST, entropy, LARGEST, positionOf, softmaxJacobian, softmaxRows, temperatureAt, text } from "../maths/attention.js";
import { bar, clamp, niceAbove } from "../maths/plane.js";

/** A widget's temperature slider. */
export function temperatureRange(widget, { coldest, hottest }) {
  const control = widget.range("Temperature", {
    min: COLDEST, max: -COLDEST, onset: (position) => widget.set("temperature", temperatureAt(position)),
    text: () => {
      const { temperature } = widget.settings;
      return temperature === 0 ? `0: ${coldest}` : temperature === "inf" ? `∞: ${hottest}` : text(temperature);
    },
  });
  control.node.style.width = control.input.style.width = "13.5rem"; // so that no text makes it jump
  return control;
}

const STYLE = `
.widget { container-type: inline-size; }
.controls .control { max-width: 100%; }
.chain { width: 100%; table-layout: fixed; }
.chain th, .chain td { padding: 0.15rem 0.3rem; text-align: left; font-weight: 400; }
.chain thead th { color: var(--muted); border-bottom: 1px solid var(--line); vertical-align: bottom; }
.chain thead b { display: block; color: var(--text); }
.chain thead small { font-size: 0.75rem; }
.chain tfoot th, .chain tfoot td { border-top: 1px solid var(--line); }
.chain th:first-child { width: 16%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.chain thead th:nth-child(2) { width: 38%; }
.cell { display: grid; grid-template-columns: 4rem minmax(0, 1fr); gap: 0 0.5rem; align-items: center; }
.number { text-align: right; overflow: hidden; text-overflow: ellipsis; }
.field { width: 100%; min-width: 0; height: 1.75rem; padding: 0 0.3rem; text-align: right; background: var(--surface); border: 1px solid var(--line); border-bottom-color: var(--muted); border-radius: 4px; font-variant-numeric: tabular-nums; }
.field[aria-invalid] { outline: 2px dotted var(--wrong); outline-offset: 1px; }
.slide { position: relative; height: 1.75rem; --room: calc(100% - 24px); }
.slide::before { content: ""; position: absolute; inset: calc(50% - 2px) 12px auto; height: 4px; border-radius: 2px; background: var(--line); }
.slide .bar { position: absolute; top: calc(50% - 6px); height: 12px; background: var(--sign); left: calc(12px + var(--from) * var(--room)); width: calc(var(--long) * var(--room)); }
.slide .zero { position: absolute; top: 4px; bottom: 4px; width: 1px; background: var(--muted); left: calc(12px + var(--zero) * var(--room)); }
.slide input { position: absolute; inset: 0; width: 100%; height: 100%; appearance: none; background: none; border-radius: 4px; cursor: ew-resize; }
.slide input::-webkit-slider-thumb { appearance: none; box-sizing: border-box; width: 24px; height: 24px; border: 0 solid transparent; border-width: 0 8px; border-radius: 11px / 3px; background: var(--sign); background-clip: padding-box; }
.slide input::-moz-range-thumb { appearance: none; box-sizing: border-box; width: 24px; height: 24px; border: 0 solid transparent; border-width: 0 8px; border-radius: 11px / 3px; background: var(--sign); background-clip: padding-box; }
.slide input::-moz-range-track { background: none; }
.track { height: 0.8rem; border-radius: 2px; background: var(--well); overflow: hidden; }
.track .bar { height: 100%; border-radius: 2px; transform-origin: left; background: var(--muted); }
.weight .bar { background: var(--mark); }
.stack { display: flex; }
.stack div { background: color-mix(in srgb, var(--mark) 45%, var(--surface)); flex: 1 1 0; min-width: 0; box-shadow: inset 1px 0 var(--surface); }
.stack .now { background: var(--mark); }
.current > th:first-child { font-weight: 700; }
.move { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin-top: 0.9rem; align-items: flex-start; }
.move .heading { flex: 1 0 100%; margin: 0; font-weight: 600; }
.jacobian { min-width: 0; max-width: 100%; flex: 0 1 auto; }
.jacobian table { table-layout: fixed; max-width: 100%; }
.jacobian th { font-weight: 400; font-size: 0.75rem; color: var(--muted); padding: 0.1rem 0.2rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.jacobian thead th { text-align: center; } .jacobian tbody th { text-align: right; }
.jacobian .current { color: var(--text); font-weight: 700; }
.jacobian td { height: 1.7rem; padding: 0; text-align: center; border: 1px solid var(--surface); overflow: hidden; }
.jacobian td { font-size: 0.8125rem; } .many .jacobian td { font-size: 0.6875rem; }
.jacobian td.current { border-inline: 2px solid var(--query); }
.live { overflow-wrap: anywhere; }
.says { flex: 1 1 14rem; margin: 0; min-width: 0; overflow-wrap: anywhere; }
@container (max-width: 32rem) {
  .cell { grid-template-columns: minmax(0, 1fr); }
  .number { text-align: left; min-height: 1.75rem; line-height: 1.75rem; }
  .field { text-align: left; max-width: 4.4rem; }
  .track { margin: calc(0.875rem - 0.4rem) 0; }
  tfoot .number, tfoot .track { min-height: 0; margin: 0.2rem 0; line-height: 1.2; }
  .chain th:first-child { width: 17%; }
  .chain thead th:nth-child(2) { width: 37%; }
}
@container (max-width: 19rem) {
  .chain { font-size: 0.8125rem; } .chain th, .chain td { padding-inline: 0.15rem; }
  .chain thead th:nth-child(2) { width: 26%; } .field { max-width: 100%; }
  .jacobian td, .many .jacobian td { font-size: 0.6875rem; letter-spacing: -0.02em; }
}
@media (prefers-reduced-motion: no-preference) { .track .bar { transition: transform 90ms ease-out; } }
`;

export class SoftmaxBars extends WidgetElement {
  static STYLE = STYLE;
  static MORE = ["chosen"];
  #reach = 0; // the sliders go from minus to plus this

  load(spec) {
    this.labels = labelsOf(spec.labels);
    this.n = spec.labels.length;
    this.chosen = null;
    super.load(spec);
  }

  get kinds() {
    return { scores: list(number(-LARGEST, LARGEST), this.n), temperature, chosen: index(this.n) };
  }

  // Numbers.

  get temperature() { return asNumber(this.settings.temperature); }
  get scores() { return Float64Array.from(this.settings.scores); } // (n)
  get exponentials() { return this.scores.map((s) => (this.temperature === 0 ? NaN : Math.exp(s / this.temperature))); } // (n)
  get weights() { return softmaxRows(this.scores, 1, this.n, null, this.temperature); } // (n)
  get entropy() { return entropy(this.weights); }
  get jacobian() { return softmaxJacobian(this.weights, this.temperature); } // (n, n)

  /** The entry in focus: the one the reader touched last, else the one with the largest weight. */
  get current() {
    if (this.chosen !== null) return this.chosen;
    const { weights } = this;
    return weights.indexOf(Math.max(...weights));
  }

  // DOM, built once.

  build() {
    const { spec, labels, n } = this;
    this.heat = temperatureRange(this, { coldest: "hard maximum", hottest: "all alike" });
    this.rows = labels.map((label, i) => this.#row(label, i));
    this.expScale = h("small");
    const head = (title, ...more) => h("th", { scope: "col" }, h("b", {}, title), ...more);
    this.sum = { exp: h("div", { class: "number" }), weight: h("div", { class: "number" }), parts: labels.map(() => h("div")) };
    const chain = h("table", { class: "chain" },
      h("thead", {}, h("tr", {}, h("td"), head("score s", h("small", {}, "drag or type")), head("exp(s/T)", this.expScale), head("weight", h("small", {}, "exp / sum")))),
      h("tbody", {}, ...this.rows.map(({ node }) => node)),
      h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "sum"), h("td"), h("td", {}, h("div", { class: "cell" }, this.sum.exp)),
        h("td", {}, h("div", { class: "cell" }, this.sum.weight, h("div", { class: "track stack" }, ...this.sum.parts))))));
    this.sums = h("p", { class: "note" });

    this.slopes = Array.from({ length: n * n }, () => h("td"));
    this.heads = labels.map((label, j) => h("th", { scope: "col", dir: "auto", title: spec.labels[j] }, bare(label)));
    const width = 100 / (n + 1.4);
    const jacobian = h("table", { "aria-label": "Jacobian: rows weights, columns scores", style: `width: ${Math.min(4 + 4 * n, 36)}rem` },
      h("thead", {}, h("tr", {}, h("td", { style: `width: ${1.4 * width}%` }), ...this.heads)),
      h("tbody", {}, ...labels.map((label, i) => h("tr", {}, h("th", { scope: "row", dir: "auto", title: spec.labels[i] }, bare(label)), ...this.slopes.slice(i * n, (i + 1) * n)))));
    this.says = h("p", { class: "says" });
    const move = h("div", { class: `move${n > 6 ? " many" : ""}` }, h("p", { class: "heading" }, "How the weights move: the Jacobian"), h("div", { class: "jacobian" }, jacobian), this.says);
    this.live = h("p", { class: "live", "aria-live": "polite" });
    return h("div", { class: "widget", role: "group", "aria-label": spec.caption || "Softmax" },
      spec.caption ? h("p", { class: "caption" }, spec.caption) : "", h("div", { class: "controls" }, this.heat.node, this.resetButton()), chain, this.sums, move, this.live);
  }

  #row(label, i) {
    const parts = { bar: h("div", { class: "bar" }), exp: h("div", { class: "number" }), expBar: h("div", { class: "bar" }), weight: h("div", { class: "number" }), weightBar: h("div", { class: "bar" }) };
    parts.range = h("input", { type: "range", "aria-label": `Score of ${label}`, oninput: () => this.#put(i, Number(parts.range.value)) });
    parts.field = this.number(`Score of ${label}, as a number`, (score) => this.#put(i, score));
    parts.slide = h("div", { class: "slide" }, h("div", { class: "zero" }), parts.bar, parts.range);
    const cell = (kind, number, bar) => h("td", { class: kind }, h("div", { class: "cell" }, number, h("div", { class: "track" }, bar)));
    parts.node = h("tr", { onfocusin: () => this.#choose(i), onpointerdown: () => this.#choose(i) }, h("th", { scope: "row", dir: "auto", title: this.spec.labels[i] }, bare(label)),
      h("td", {}, h("div", { class: "cell" }, parts.field.node, parts.slide)), cell("exp", parts.exp, parts.expBar), cell("weight", parts.weight, parts.weightBar));
    return parts;
  }

  // What the reader does.

  #choose(i) {
    this.chosen = i;
    this.schedule();
  }

  #put(i, score) {
    this.chosen = i;
    if (score !== this.settings.scores[i]) this.set("scores", this.settings.scores.map((s, j) => (j === i ? score : s)));
  }

  reset() {
    for (const { field } of this.rows) field.settle();
    this.#reach = 0;
    this.chosen = null;
    super.reset();
    this.schedule();
  }

  // Drawing.

  draw() {
    const { scores, exponentials, weights, temperature, labels, n, current } = this;
    this.heat.show(positionOf(this.settings.temperature));
    // The sliders' reach only grows, so that no bar moves under the finger that drags it.
    const largest = Math.max(...scores.map(Math.abs));
    if (!this.#reach || largest > this.#reach) this.#reach = niceAbove(Math.max(5, 1.2 * largest));
    const scale = this.#expScale(exponentials);
    this.expScale.textContent = temperature === 0 ? "the limit T → 0" : scale === Infinity ? "too large for a float" : `bar: 0 to ${big(scale)}`;
    const share = (x) => (Number.isNaN(x) ? 0 : scale === Infinity ? Number(x === Infinity) : x / scale);
    this.rows.forEach((parts, i) => {
      parts.node.classList.toggle("current", i === current);
      this.#showSlider(parts, scores[i]);
      parts.exp.textContent = big(exponentials[i]);
      parts.expBar.style.transform = `scaleX(${share(exponentials[i]).toFixed(4)})`;
      parts.weight.textContent = format(weights[i], 4);
      parts.weightBar.style.transform = `scaleX(${weights[i].toFixed(4)})`;
      this.sum.parts[i].style.flexGrow = weights[i].toFixed(5);
      this.sum.parts[i].className = i === current ? "now" : "";
    });
    this.sum.exp.textContent = big(exponentials.reduce((a, b) => a + b));
    this.sum.weight.textContent = format(weights.reduce((a, b) => a + b), 4);
    this.sums.textContent = `entropy ${format(this.entropy, 3)} of at most ${format(Math.log2(n), 3)} bits`
      + (scale === Infinity ? " · the exponentials overflow; the weights do not: the largest score is subtracted first, which changes no weight" : "");
    this.#showSlopes(current, weights);
    const news = `${labels[current]}: score ${text(scores[current])}, weight ${format(weights[current], 2)}`;
    if (this.live.textContent !== news) this.live.textContent = news;
  }

  #expScale(exponentials) {
    const largest = Math.max(...exponentials.map((x) => (Number.isNaN(x) ? 0 : x)));
    return largest === Infinity ? Infinity : niceAbove(Math.max(largest, 1e-300));
  }

  #showSlider({ range, field, bar: node, slide }, score) {
    const reach = this.#reach;
    Object.assign(range, { min: -reach, max: reach, step: reach / 50 });
    if (Number(range.value) !== score) range.value = score;
    range.setAttribute("aria-valuetext", text(score));
    const [start, length] = bar(score, -reach, reach);
    slide.style.setProperty("--sign", `rgb(${colourTable("scores", this.hasAttribute("dark"))[score < 0 ? 20 : 235]})`);
    for (const [name, value] of [["from", start], ["long", length], ["zero", 50]]) slide.style.setProperty(`--${name}`, (value / 100).toFixed(4));
    node.style.display = length ? "" : "none";
    field.show(score);
  }

  #showSlopes(current, weights) {
    const { jacobian, n, labels, temperature } = this;
    const table = colourTable("scores", this.hasAttribute("dark"));
    jacobian.forEach((slope, k) => {
      const cell = this.slopes[k];
      const colour = table[Math.round(127.5 + 127.5 * clamp(slope / 0.25, -1, 1))];
      cell.style.background = `rgb(${colour})`;
      cell.style.color = inkOn(colour);
      cell.textContent = n > 6 ? format(slope, 2).replace(/^(−?)0\./, "$1.") : format(slope, Math.abs(slope) >= 10 ? 1 : 3);
      cell.className = k % n === current ? "current" : "";
    });
    this.heads.forEach((head, j) => { head.className = j === current ? "current" : ""; });
    const own = jacobian[current * n + current];
    const step = 0.01;
    const word = h("b", {}, labels[current]);
    if (temperature === 0) this.says.replaceChildren("At temperature 0 a small change of a score changes no weight: every slope is 0, and nothing can be learned from it.");
    else if (temperature === Infinity) this.says.replaceChildren("At infinite temperature the scores no longer count: all weights are alike, and every slope is 0.");
    else if (own === 0 || own * step < 5e-7) this.says.replaceChildren("Row: weight, column: score. Raise the score of ", word, ` a little and almost nothing moves: its weight is ${format(weights[current], 4)}, and the slope ${text(own)}.`);
    else {
      this.says.replaceChildren("Row: weight, column: score. Raise the score of ", word, ` by ${step}: its weight gains about ${step} × ${text(own)} = ${text(step * own)}, and the others together lose as much. Each column adds up to 0.`);
    }
  }
}

/** An exponential or a sum of them: a number for people, "–" for none, "∞" for an overflow. */
const big = (x) => (Number.isNaN(x) ? "–" : x === Infinity ? "∞" : x >= 1e5 ? x.toExponential(2).replace("+", "") : text(x));
