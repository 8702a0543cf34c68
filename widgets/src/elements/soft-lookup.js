// <soft-lookup>: a small library; the reader moves the query and sees what is read and what mixture comes back.
import { FIXED, format, h, WidgetElement } from "../frame/element.js";
import { bare, labelsOf } from "../frame/labels.js";
import { list, number, oneOf, temperature } from "../maths/link.js";
import { asNumber, decode, LARGEST, matmul, matmulT, positionOf, scaleFactor, softmaxRows, text } from "../maths/attention.js";
import { bar } from "../maths/plane.js";
import { PLANE_STYLE, PlaneView } from "../frame/plane-view.js";
import { products } from "../maths/player.js";
import { temperatureRange } from "./softmax-bars.js";

const SIDE = 20; // characters of an axis' name
const ROOMY = 4; // features; more are written with fewer digits

const STYLE = `${PLANE_STYLE}
.body { display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; align-items: flex-start; }
.plane { flex: 3 1 19rem; }
.side { flex: 2 1 16rem; min-width: 0; }
.query { color: var(--query); } .key { color: var(--key); } .value { color: var(--value); }
.controls .control { max-width: 100%; }
.live, .heading { overflow-wrap: anywhere; }
.side td, .mix td { font-variant-numeric: tabular-nums; }
.fields { display: flex; flex-wrap: wrap; gap: 0.1rem 0.6rem; }
.fields label { display: inline-flex; gap: 0.3rem; align-items: center; }
.field { width: 4.2rem; height: 1.75rem; padding: 0 0.3rem; text-align: right; color: var(--query); background: var(--surface); border: 1px solid var(--line); border-bottom-color: var(--muted); border-radius: 4px; font-variant-numeric: tabular-nums; }
.field[aria-invalid] { outline: 2px dotted var(--wrong); outline-offset: 1px; }
.heading { margin: 0.2rem 0; font-weight: 600; }
.body table, .mix table { width: 100%; table-layout: fixed; }
.side th, .side td, .mix th, .mix td { padding: 0.15rem 0.25rem; font-weight: 400; text-align: right; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.side thead th, .side thead td, .mix thead th, .mix thead td { color: var(--muted); font-size: 0.8125rem; border-bottom: 1px solid var(--line); }
.side thead :first-child { width: 50%; }
.side th small { display: block; color: var(--muted); font-size: 0.8125rem; white-space: normal; }
.side td { vertical-align: top; }
.side .track { margin-top: 0.2rem; }
.side th:first-child, .mix th:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.mix thead :first-child { width: 24%; } @media (max-width: 360px) { .mix thead :first-child { width: 30%; } }
.side tfoot th, .side tfoot td, .mix tfoot th, .mix tfoot td { border-top: 1px solid var(--muted); }
.mix { margin-top: 0.75rem; }
.many td, .many thead th { font-size: 0.75rem; letter-spacing: -0.02em; }
.mix thead th, .mix td { text-align: left; }
.mix tfoot { font-weight: 700; color: var(--value); } .mix tfoot th { font-weight: 700; }
.mix tfoot td { font-weight: 700; }
.track { position: relative; height: 0.75rem; border-radius: 2px; background: var(--well); overflow: hidden; }
.track div { position: absolute; height: 100%; border-radius: 2px; }
.mix .track::before { content: ""; position: absolute; left: var(--zero); width: 1px; height: 100%; background: var(--muted); }
.share { background: var(--mark); }
.whole { background: color-mix(in srgb, var(--value) 25%, var(--surface)); }
.part { background: var(--value); }
`;

export class SoftLookup extends WidgetElement {
  static STYLE = STYLE;

  load(spec) {
    [this.m, this.d_v] = spec.values.shape;
    Object.assign(this, { keys: decode(spec.keys).data, values: decode(spec.values).data, titles: labelsOf(spec.titles), features: labelsOf(spec.features), sides: labelsOf(spec.key_features, SIDE) });
    this.points = Array.from({ length: this.m }, (_, j) => [this.keys[2 * j], this.keys[2 * j + 1]]);
    super.load(spec);
  }

  get kinds() {
    const scales = ["1", "1/sqrt(d_k)", "1/d_k"];
    return { query: list(number(-LARGEST, LARGEST), 2), temperature, scale: oneOf(scales), method: oneOf(["softmax", "relu"]) };
  }

  // Numbers.

  get scores() { return matmulT(this.settings.query, this.keys, 1, this.m, 2).map((s) => s * scaleFactor(this.settings.scale, 2)); } // (m)

  get weights() { // (m)
    if (this.settings.method === "relu") return this.scores.map((s) => Math.max(s, 0));
    return softmaxRows(this.scores, 1, this.m, null, asNumber(this.settings.temperature));
  }

  get output() { return matmul(this.weights, this.values, 1, this.m, this.d_v); } // (d_v)

  // DOM, built once.

  build() {
    const { spec, titles, features, d_v } = this;
    const set = (name) => (value) => this.set(name, value);
    const controls = {
      temperature: temperatureRange(this, { coldest: "one document", hottest: "all alike" }),
      scale: this.radios("Scale", [["1", "1"], ["1/sqrt(d_k)", "1/√2"], ["1/d_k", "1/2"]], set("scale")),
      method: this.radios("Weights by", [["softmax", "softmax"], ["relu", "ReLU"]], set("method")),
    };
    this.controls = Object.fromEntries(spec.controls.map((name) => [name, controls[name]]));
    this.fields = this.sides.map((name, c) => this.number(`Query, ${name}`, (value) => this.set("query", this.settings.query.map((x, k) => (k === c ? value : x)))));
    const query = h("fieldset", { class: "control" }, h("legend", {}, "Query"),
      h("div", { class: "fields" }, ...this.fields.map(({ node }, c) => h("label", {}, this.sides[c], node))));
    this.view = new PlaneView({
      label: "Plane of the query and the keys", names: [...titles, "query"], handles: 1, sides: this.sides, onmove: (_, point) => this.set("query", point),
    });

    const heads = (names) => h("thead", {}, h("tr", {}, h("td"), ...names.map((name) => h("th", { scope: "col", dir: "auto", title: bare(name) }, bare(name)))));
    const title = (j) => h("th", { scope: "row", title: spec.titles[j], class: "key" }, h("span", { dir: "auto" }, bare(titles[j])));
    const track = (...bars) => h("div", { class: "track" }, ...bars);
    this.reads = titles.map((_, j) => {
      const row = { working: h("small"), score: h("td"), share: h("div", { class: "share" }), weight: h("div") };
      const name = title(j);
      name.append(row.working);
      row.node = h("tr", {}, name, row.score, h("td", {}, row.weight, track(row.share)));
      return row;
    });
    this.sum = h("td");
    this.heading = h("p", { class: "heading" });
    const side = h("div", { class: "side" }, this.heading, h("table", {}, heads(["score", "weight"]),
      h("tbody", {}, ...this.reads.map(({ node }) => node)), h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "sum"), h("td"), this.sum))),
    h("p", { class: "note" }, "Drag the query's ringed tip, focus it and press the arrow keys, or type its numbers."));

    const cell = () => {
      const parts = { number: h("div"), whole: h("div", { class: "whole" }), part: h("div", { class: "part" }) };
      parts.node = h("td", {}, parts.number, track(parts.whole, parts.part));
      return parts;
    };
    this.parts = titles.map(() => Array.from({ length: d_v }, cell));
    this.mixture = Array.from({ length: d_v }, cell);
    this.mix = h("div", { class: `mix${d_v > ROOMY ? " many" : ""}` }, h("p", { class: "heading" }, "What each document holds (pale), what it gives (full), and what comes back"),
      h("table", {}, heads(features), h("tbody", {}, ...this.parts.map((cells, j) => h("tr", {}, title(j), ...cells.map(({ node }) => node)))),
        h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "comes back"), ...this.mixture.map(({ node }) => node)))));
    this.live = h("p", { class: "live", "aria-live": "polite" });
    return h("div", { class: "widget", role: "group", "aria-label": spec.caption || "Soft look-up" }, spec.caption ? h("p", { class: "caption" }, spec.caption) : "",
      h("div", { class: "controls" }, query, ...Object.values(this.controls).map(({ node }) => node), this.resetButton()), h("div", { class: "body" }, this.view.node, side), this.mix, this.live);
  }

  reset() {
    for (const field of this.fields) field.settle();
    super.reset();
  }

  // Drawing.

  draw() {
    const { settings, m, titles, scores, weights, output } = this;
    const { query, method } = settings;
    this.controls.temperature?.show(positionOf(settings.temperature), method === "softmax");
    this.controls.scale?.show(settings.scale);
    this.controls.method?.show(method);
    this.fields.forEach((field, c) => field.show(query[c]));

    const largest = Math.max(...weights, method === "relu" ? 1e-9 : 0);
    const full = method === "relu" ? Math.max(1, largest) : 1;
    this.#drawPlane(query, weights.map((w) => w / full));
    this.heading.replaceChildren(h("span", { class: "query" }, `query [${query.map(text).join(", ")}]`), " reads");
    this.reads.forEach((row, j) => {
      row.working.textContent = this.#working(query, j);
      row.score.textContent = format(scores[j], 2);
      row.weight.textContent = format(weights[j], 3);
      row.share.style.width = `${((100 * weights[j]) / full).toFixed(2)}%`;
    });
    this.sum.textContent = format(weights.reduce((a, b) => a + b), 3);
    this.#drawMixture(weights, output);
    const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b).slice(0, 3).filter((j) => weights[j] > 0.005);
    const reads = order.map((j) => `${titles[j]} ${format(weights[j], 2)}`).join(", ") || "nothing";
    const news = `reads ${reads}${m > order.length && order.length === 3 ? ", …" : ""}; comes back: ${this.features.map((name, c) => `${name} ${text(Number(output[c].toFixed(2)))}`).join(", ")}`;
    if (this.live.textContent !== news) this.live.textContent = news;
  }

  /** How the score of document j is computed. */
  #working(query, j) {
    const sum = products(query, this.points[j]);
    const divisor = { "1/sqrt(d_k)": "√2", "1/d_k": "2" }[this.settings.scale];
    return divisor ? `(${sum}) / ${divisor}` : sum;
  }

  #drawPlane(query, shares) {
    const { m, points, titles, initial } = this;
    const first = [...points, initial.query];
    const at = [...points, query.every((x, c) => x === initial.query[c]) ? initial.query : query];
    this.view.lay(first, at);
    const looks = Array.from(shares, (share) => ({ kind: "key", width: 0.8 + 5 * share, dot: 3 + 7 * Math.sqrt(share) }));
    const order = [m, ...Array.from(shares.keys()).sort((a, b) => shares[b] - shares[a] || a - b)];
    this.view.draw([...looks, { kind: "strong query", width: 3, dot: 0 }], order, [{ of: m, kind: "query", label: `Query: ${query.map(text).join(", ")}` }]);
  }

  #drawMixture(weights, output) {
    const { values, m, d_v } = this;
    const ends = [...values, ...output];
    const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends, 1e-9)];
    this.mix.style.setProperty("--zero", `${bar(0, low, high)[0]}%`);
    const put = (node, x) => {
      const [start, length] = bar(x, low, high);
      Object.assign(node.style, { left: `${start.toFixed(2)}%`, width: `${length.toFixed(2)}%` });
    };
    this.parts.forEach((cells, j) => cells.forEach(({ number, whole, part }, c) => {
      const value = values[j * d_v + c];
      number.textContent = Math.abs(value) >= FIXED ? format(value) : text(d_v > ROOMY ? Number(value.toPrecision(3)) : value);
      put(whole, value);
      put(part, value * weights[j]);
    }));
    this.mixture.forEach(({ number, part }, c) => {
      number.textContent = format(output[c], d_v > ROOMY && Math.abs(output[c]) >= 10 ? 1 : 2);
      put(part, output[c]);
    });
  }
}
