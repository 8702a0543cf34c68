// <training-bars>: what a model thinks of each next word, moment by moment of its training, against the right word.
import { format, h, WidgetElement } from "../frame/element.js";
import { picture, s, say } from "../frame/layers-view.js";
import { bare, label } from "../frame/labels.js";
import { index, number } from "../maths/link.js";
import { decode } from "../maths/attention.js";
import { clamp, niceAbove, ticks } from "../maths/plane.js";

const CURVE = { left: 40, right: 20, top: 16, below: 34, height: 190 }; // px
const PACE = { all: 6000, least: 40, most: 400 }; // ms
const STILL = { steps: 8, wait: 1200 }; // for readers who want no animation: so many pictures, so far apart
const percent = (p) => `${(100 * p).toFixed(2)}%`;

const STYLE = `
.widget { container-type: inline-size; }
.controls .control:has(.epoch) { flex: 1 1 12rem; max-width: 26rem; } input.epoch { width: 100%; }
.play { min-width: 4.5rem; }
.positions { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 0.6rem 1.2rem; margin: 0.2rem 0 0.5rem; }
.position { width: 100%; table-layout: fixed; }
.position caption { text-align: left; padding-bottom: 0.1rem; overflow-wrap: anywhere; }
.position b { color: var(--value); }
.position th, .position td { padding: 0 0.2rem; height: 1.35rem; font-weight: 400; }
.position th { text-align: right; width: 5rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.position .right th { font-weight: 700; color: var(--value); }
.position .number { width: 3rem; text-align: right; white-space: nowrap; }
.position tfoot td, .position tfoot th { border-top: 1px solid var(--line); font-weight: 600; }
.track { position: relative; height: 0.85rem; background: var(--well); border-radius: 2px; }
.track div { position: absolute; inset: 0 auto 0 0; border-radius: 2px; }
.bar { background: var(--mark); opacity: 0.75; } .loss .bar { background: var(--muted); }
.aim { border: 2px solid var(--value); min-width: 2px; }
.swatch { display: inline-block; width: 1.4rem; height: 0.7rem; border-radius: 2px; vertical-align: -1px; margin: 0 0.25rem 0 0.6rem; background: var(--mark); }
.swatch:first-child { margin-left: 0; } .swatch.aim { background: none; } .swatch.bar { opacity: 0.75; }
.picture { border-radius: 4px; touch-action: pan-y; cursor: crosshair; margin-top: 0.6rem; }
.picture svg { display: block; width: 100%; font-size: 12px; overflow: visible; user-select: none; -webkit-user-select: none; }
.picture text { fill: var(--muted); paint-order: stroke; stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; }
.grid { stroke: var(--line); } .guess, .floor { stroke: var(--muted); stroke-dasharray: 3 4; }
.one { stroke: var(--muted); opacity: 0.45; fill: none; } .mean { stroke: var(--text); stroke-width: 2; fill: none; stroke-linejoin: round; }
.now { stroke: var(--mark); stroke-width: 1.5; } circle { fill: var(--mark); }
@container (max-width: 29rem) {
  .positions { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.6rem 0.7rem; }
  .live { min-height: 2.9em; } .smooth { min-height: 4.4em; }
  .position th { width: 39%; } .position .number { width: 2.4rem; } .position th, .position td { padding: 0 0.1rem; font-size: 0.8125rem; }
}
@media print { .play { display: none; } }
@media (prefers-reduced-motion: no-preference) { .bar { transition: width 60ms linear; } }
`;

export class TrainingBars extends WidgetElement {
  static STYLE = STYLE;
  #timer = 0;

  load(spec) {
    const { shape, data } = decode(spec.logs);
    Object.assign(this, { logs: data, size: spec.vocabulary.length, n: spec.targets.length, moments: shape[0] });
    this.ids = spec.targets.map((word) => spec.vocabulary.indexOf(word));
    super.load(spec);
  }

  disconnectedCallback() {
    this.#pause();
    super.disconnectedCallback();
  }

  get kinds() {
    return { epoch: index(this.moments), smoothing: number(0, 0.3) };
  }

  // Numbers.

  /** ln p of the words at position i and a moment, (V). */
  logsAt(epoch, i) {
    const at = (epoch * this.n + i) * this.size;
    return this.logs.subarray(at, at + this.size);
  }

  /** What the distribution of position i shall come to, (V). */
  target(i) {
    const { smoothing } = this.settings;
    return Float64Array.from({ length: this.size }, (_, v) => (v === this.ids[i] ? 1 - smoothing : 0) + smoothing / this.size);
  }

  /** The model's distributions at the moment shown, (n, V). */
  get probabilities() {
    return this.logs.subarray(this.settings.epoch * this.n * this.size, (this.settings.epoch + 1) * this.n * this.size).map(Math.exp);
  }

  /** Cross-entropies, (E, n), in nats. */
  get losses() {
    const targets = this.ids.map((_, i) => this.target(i));
    return Float64Array.from({ length: this.moments * this.n }, (_, k) => {
      const logs = this.logsAt(Math.floor(k / this.n), k % this.n);
      return targets[k % this.n].reduce((sum, p, v) => sum - (p ? p * logs[v] : 0), 0);
    });
  }

  /** The least loss there can be: the entropy of the target. */
  get floor() {
    return this.target(0).reduce((sum, p) => sum - (p ? p * Math.log(p) : 0), 0);
  }

  // What the reader does.

  /** Show a moment; the reader's hand stops the film. */
  go(epoch) {
    this.#pause();
    this.set("epoch", epoch);
  }

  #play() {
    if (this.#timer) return this.#pause();
    const last = this.moments - 1;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = still ? Math.ceil(last / STILL.steps) : 1;
    if (this.settings.epoch === last) this.set("epoch", 0);
    this.#timer = setInterval(() => {
      this.set("epoch", Math.min(this.settings.epoch + step, last));
      if (this.settings.epoch === last) this.#pause();
    }, still ? STILL.wait : clamp(PACE.all / last, PACE.least, PACE.most));
    this.schedule();
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.schedule();
  }

  reset() {
    this.#pause();
    super.reset();
  }

  // DOM, built once.

  build() {
    const { spec } = this;
    const has = (name) => spec.controls.includes(name);
    this.player = h("button", { type: "button", class: "play", onclick: () => this.#play() }, "Play");
    this.epoch = this.range("Epoch", { min: 0, max: this.moments - 1, text: (k) => String(spec.epochs[k]), onset: (k) => this.go(k) });
    this.epoch.input.classList.add("epoch");
    this.smoothing = this.range("Label smoothing", { min: 0, max: 0.3, step: 0.01, text: (x) => format(x), onset: (x) => this.set("smoothing", x) });
    for (const node of [this.player, this.epoch.node]) node.hidden = !has("epoch") || this.moments === 1;
    this.smoothing.node.hidden = !has("smoothing");
    this.positions = spec.targets.map((word, i) => this.#position(word, i));
    const keys = ["ArrowLeft", "ArrowRight"];
    this.parts = { grid: s("g"), ones: s("g"), mean: s("path", { class: "mean" }), label: s("g"), now: s("path", { class: "now" }), dot: s("circle", { r: 4.5 }) };
    this.svg = s("svg", { "aria-hidden": "true", height: CURVE.height }, ...Object.values(this.parts));
    this.curve = picture("curve", "Loss against the epoch; the left and right keys choose one", {
      keys, at: (x, y, width) => this.#nearest(x, width), from: () => this.settings.epoch, last: () => this.moments - 1, choose: (k) => this.go(k),
    }, this.svg);
    this.curve.hidden = this.moments === 1;
    this.live = h("p", { class: has("smoothing") ? "live smooth" : "live", "aria-live": "polite", id: "live" });
    this.formula = h("span");
    const legend = h("p", { class: "note" }, h("span", { class: "swatch bar" }), "the model's probability", h("span", { class: "swatch aim" }), "the target", this.formula);
    return h("div", { class: "widget", role: "group", "aria-label": spec.caption || "A model learns" }, spec.caption ? h("p", { class: "caption" }, spec.caption) : "",
      h("div", { class: "controls" }, this.player, this.epoch.node, this.smoothing.node, this.resetButton()),
      h("div", { class: "positions" }, ...this.positions.map(({ node }) => node)), legend, this.curve, this.live);
  }

  #position(word, i) {
    const { vocabulary, targets } = this.spec;
    const read = i === 0 || targets[i - 1] === "<eos>" ? "<bos>" : targets[i - 1];
    const rows = vocabulary.map((text) => {
      const parts = { bar: h("div", { class: "bar" }), aim: h("div", { class: "aim" }), number: h("td", { class: "number" }) };
      const node = h("tr", { class: text === word && "right" }, h("th", { scope: "row", dir: "auto", title: text }, bare(label(text))), h("td", {}, h("div", { class: "track" }, parts.bar, parts.aim)), parts.number);
      return { ...parts, node };
    });
    const loss = { bar: h("div", { class: "bar" }), number: h("td", { class: "number" }) };
    const foot = h("tr", { class: "loss" }, h("th", { scope: "row" }, "loss"), h("td", {}, h("div", { class: "track" }, loss.bar)), loss.number);
    const caption = h("caption", {}, `after ${label(read)}: `, h("b", {}, label(word)));
    return { rows, loss, node: h("table", { class: "position" }, caption, h("tbody", {}, ...rows.map(({ node }) => node)), h("tfoot", {}, foot)) };
  }

  // Drawing.

  draw() {
    const { n, size, settings, probabilities, losses, spec, moments } = this;
    const { epoch, smoothing } = settings;
    const now = losses.subarray(epoch * n, (epoch + 1) * n);
    const means = Array.from({ length: moments }, (_, k) => losses.subarray(k * n, (k + 1) * n).reduce((a, b) => a + b) / n);
    const most = Math.max(...losses, Math.log(size));
    const step = niceAbove(most / 4);
    const top = step * Math.ceil(most / step - 1e-9);
    this.player.textContent = this.#timer ? "Pause" : "Play";
    this.epoch.show(epoch);
    this.smoothing.show(smoothing);
    this.formula.textContent = smoothing ? " · loss: −Σ target · ln p" : " · loss: −ln p of the target";
    let right = 0;
    this.positions.forEach(({ rows, loss }, i) => {
      const own = probabilities.subarray(i * size, (i + 1) * size);
      const target = this.target(i);
      if (own.indexOf(Math.max(...own)) === this.ids[i]) right++;
      rows.forEach(({ bar, aim, number }, v) => {
        bar.style.width = percent(own[v]);
        aim.style.width = percent(target[v]);
        aim.hidden = !target[v];
        number.textContent = format(own[v]);
      });
      loss.bar.style.width = percent(Math.min(now[i] / top, 1));
      loss.number.textContent = format(now[i], now[i] < 9.995 ? 2 : now[i] < 99.95 ? 1 : 0);
    });
    this.#drawCurve(losses, means, top, step);
    const found = this.#timer ? "" : `epoch ${spec.epochs[epoch]}: mean loss ${format(means[epoch], 3)} nats, the likeliest word is right at ${right} of ${n} positions`
      + (smoothing ? `; no loss is below ${format(this.floor, 3)}` : "");
    if (found) say(this.live, found);
  }

  // The curve's places across: of epochs, as far apart as their numbers.
  #across(width) {
    const { left, right } = CURVE;
    const { epochs } = this.spec;
    const [first, last] = [epochs[0], epochs.at(-1)];
    return (epoch) => left + (last > first ? (epoch - first) / (last - first) : 0) * (width - left - right);
  }

  #nearest(x, width) {
    const across = this.#across(width);
    const away = this.spec.epochs.map((epoch) => Math.abs(across(epoch) - x));
    return away.indexOf(Math.min(...away));
  }

  #drawCurve(losses, means, top, rise) {
    const { n, parts, settings, size } = this;
    if (this.curve.hidden) return;
    const { epochs } = this.spec;
    const { left, right, top: above, below, height } = CURVE;
    const width = Math.max(this.curve.clientWidth, 160);
    const floor = height - below;
    const across = this.#across(width);
    const y = (loss) => floor - (loss / top) * (floor - above);
    const f = (px) => px.toFixed(1);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const word = (text, at, up, anchor = "end") => s("text", { x: f(at), y: f(up), "text-anchor": anchor }, text);
    const level = (kind, loss) => s("path", { class: kind, d: `M${left} ${f(y(loss))}H${width - right}` });
    const guess = Math.log(size);
    const [first, last] = [epochs[0], epochs.at(-1)];
    const step = niceAbove((Math.max(last - first, 1) * 48) / (width - left - right));
    parts.grid.replaceChildren(...ticks(0, top, rise).flatMap((loss) => [level("grid", loss), word(String(loss), left - 6, y(loss) + 4)]),
      level("guess", guess),
      ...(settings.smoothing ? [level("floor", this.floor)] : []),
      ...ticks(first, last, step).map((epoch) => word(String(epoch), across(epoch), floor + 16, "middle")),
      word("↑ loss (nats)", 0, 10, "start"), word("epoch →", width - right, height - 3));
    parts.label.replaceChildren(word(`guessing: ln ${size} = ${format(guess)}`, width - right, y(guess) - 5));
    const path = (loss) => `M${epochs.map((epoch, k) => `${f(across(epoch))} ${f(y(loss(k)))}`).join("L")}`;
    parts.ones.replaceChildren(...Array.from({ length: n }, (_, i) => s("path", { class: "one", d: path((k) => losses[k * n + i]) })));
    parts.mean.setAttribute("d", path((k) => means[k]));
    const x = f(across(epochs[settings.epoch]));
    parts.now.setAttribute("d", `M${x} ${above}V${floor}`);
    parts.dot.setAttribute("cx", x);
    parts.dot.setAttribute("cy", f(y(means[settings.epoch])));
  }
}
