// <layer-costs>: what four kinds of layer cost and see, as in table 1 of "Attention Is All You Need", as n, d, k and r move.
import { format, h, WidgetElement } from "../frame/element.js";
import { grouped, including, layerCosts, LAYERS, nearestIndex, POWERS, sizesTo, spoken } from "../maths/layers.js";
import { integer, oneOf } from "../maths/link.js";
import { fill, frame, listRange, picture, s, say, sizeRange, table, VIEW_STYLE } from "../frame/layers-view.js";
import { ticks } from "../maths/plane.js";

const MOST = 65536; // positions
const STOPS = sizesTo(MOST);
const PLOT = { left: 40, right: 14, top: 68, below: 36, height: 320, row: 15 }; // px; a row for the name of each crossing, above the plot
const COUNTS = [["table", "the table's terms"], ["all", "every multiply-add, with projections"]];
const FORMULAS = {
  table: ["n²·d", "n·d²", "k·n·d²", "r·n·d"],
  all: ["2·n²·d + 4·n·d²", "2·n·d²", "k·n·d²", "2·r·n·d + 4·n·d²"],
};
const NAMES = { recurrent: "the recurrence", convolutional: "the convolution" };
const CROSSINGS = { table: ["d", "k·d", "r"], all: ["", "(k − 4)·d/2", "r"] };

const STYLE = `${VIEW_STYLE}
:host { --self: #7a4fc0; }
:host([dark]) { --self: #b79cf5; }
.self-attention { --part: var(--self); } .recurrent { --part: var(--key); } .convolutional { --part: var(--value); }
.swatch { width: 1.2rem; height: 0; border-top: 3px solid var(--part); vertical-align: middle; background: none; border-radius: 0; }
.restricted .swatch { border-top-style: dashed; }
.bar { height: 3px; margin: 1px 0 2px auto; min-width: 1px; border-radius: 2px; background: var(--part); }
.cheapest td:nth-child(3) { font-weight: 700; }
.curve path { fill: none; stroke-linejoin: round; }
.line { stroke: var(--part); stroke-width: 2.25; } .line.restricted { stroke-dasharray: 6 4; }
.here { stroke: var(--mark); stroke-width: 1.5; }
.dots circle { fill: var(--part); stroke: var(--surface); stroke-width: 1.5; }
.meet path { stroke: var(--part); stroke-dasharray: 2 3; } .meet circle { fill: var(--surface); stroke: var(--part); stroke-width: 1.75; }
.meet text { fill: var(--part); paint-order: stroke; stroke: var(--surface); stroke-width: 3px; }
.curve .now { fill: var(--text); font-weight: 600; }
.parts { margin-top: 0.6rem; --hang: 1.6rem; }
`;

/** 10⁶ */
const power = (k) => `10${[...String(k)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;

export class LayerCosts extends WidgetElement {
  static STYLE = STYLE;

  get kinds() {
    return { n: integer(1, MOST), d: integer(1, 4096), k: integer(2, 64), r: integer(2, 4096), count: oneOf(COUNTS.map(([name]) => name)) };
  }

  // DOM, built once.

  build() {
    const { d, r } = this.settings;
    const set = (name) => (value) => this.set(name, value);
    const widths = including(POWERS, d);
    const windows = including(sizesTo(4096).slice(1), r);
    const controls = {
      n: sizeRange(this, "n", "n: positions", STOPS),
      d: listRange(this, "d", "d: features", () => widths),
      k: this.range("k: kernel width", { min: 2, max: 64, text: String, onset: set("k") }),
      r: listRange(this, "r", "r: positions read", () => windows),
      count: this.radios("Count", COUNTS, set("count")),
    };
    this.controls = Object.fromEntries(this.spec.controls.map((name) => [name, controls[name]]));
    const parts = (tag, kind) => LAYERS.map((layer) => s(tag, { class: `${kind} ${layer}` }));
    this.parts = { grid: s("g"), meet: s("g"), here: s("path", { class: "here" }), lines: parts("path", "line"), dots: parts("circle", "dot") };
    const { grid, meet, here, lines, dots } = this.parts;
    this.svg = s("svg", { "aria-hidden": "true", height: PLOT.height }, grid, ...lines, meet, here, s("g", { class: "dots" }, ...dots));
    this.curve = picture("curve", "Costs against n; the left and right keys choose n", {
      keys: ["ArrowLeft", "ArrowRight"], last: () => STOPS.length - 1, from: () => nearestIndex(STOPS, this.settings.n), choose: (k) => this.set("n", STOPS[k]),
      at: (x, y, width) => nearestIndex(STOPS, MOST ** ((x - PLOT.left) / (width - PLOT.left - PLOT.right))),
    }, this.svg);
    this.listing = table(["layer", "sees", "", "steps", "path"], LAYERS);
    this.bars = this.listing.cells.map(([, operations]) => {
      const bar = h("div", { class: "bar" });
      operations.lastChild.before(bar);
      return bar;
    });
    this.note = h("p", { class: "note" });
    this.live = h("p", { class: "live", "aria-live": "polite", id: "live" });
    return frame(this, "What a layer costs and sees", this.curve, this.listing.node, this.note, this.live);
  }

  // Drawing.

  draw() {
    const { settings, controls } = this;
    const { n, d, k, r, count } = settings;
    for (const name of this.spec.controls) controls[name].show(settings[name]);
    const now = Object.assign(this, layerCosts(settings)); // .operations, .sees, ...
    const what = count === "table" ? "operations" : "multiply-adds";
    const most = Math.max(...Object.values(now.operations));
    this.listing.heads[2].textContent = what;
    LAYERS.forEach((layer, i) => {
      const [sees, operations, steps, path] = this.listing.cells[i];
      const cheapest = now.cheapest.includes(layer);
      this.listing.rows[i].classList.toggle("cheapest", cheapest);
      fill(sees, grouped(now.sees[layer]), ["all n", "the past", "k", "r"][i]);
      fill(operations, now.operations[layer] < 1e9 ? grouped(now.operations[layer]) : spoken(now.operations[layer]), `${FORMULAS[count][i]}${cheapest ? ", least" : ""}`);
      this.bars[i].style.width = `${(100 * now.operations[layer]) / most}%`;
      fill(steps, grouped(now.sequential[layer]), ["", "n", "", ""][i]);
      fill(path, grouped(now.path[layer]), ["", "n", `log_k n; contiguous ${grouped(now.contiguous)}`, "(n−1)/(r−1)"][i]);
    });
    const has = (i, formula) => `${formula} = ${grouped(now.parameters[LAYERS[i]])}`;
    this.note.textContent = `Sees: the positions that one layer reads. Steps: those that wait for one another. Path: steps until one position depends on n, in as many layers as that takes. `
      + `Parameters: self-attention, restricted or not, ${has(0, "4·d²")}; recurrent ${has(1, "2·d²")}; convolutional ${has(2, "k·d²")}. `
      + (count === "table" ? "The table leaves out constant factors, and the projections of self-attention, 4·n·d²."
        : `Self-attention's projections are 4·n·d² = ${grouped(4 * n * d * d)}; its scores and output, 2·n²·d, are more from n = 2·d = ${grouped(2 * d)} on.`);
    say(this.live, this.#verdict(now));
    this.#plot(now);
  }

  /** Which layer costs least, and what that buys. */
  #verdict({ operations, cheapest, sees }) {
    const { n, d, count } = this.settings;
    const least = operations[cheapest[0]];
    const all = `sees all ${grouped(n)} in one step`;
    const lacks = {
      "self-attention": all, recurrent: `takes ${grouped(n)} steps, one after the other`,
      convolutional: `sees ${grouped(sees.convolutional)} of ${grouped(n)} in one layer`, "restricted self-attention": `sees ${grouped(sees["restricted self-attention"])} of ${grouped(n)} in one layer`,
    };
    const names = cheapest.map((layer) => NAMES[layer] ?? layer).join(" and ");
    const start = `n = ${grouped(n)}, d = ${grouped(d)}: ${names} ${cheapest.length > 1 ? "cost" : "costs"} least, ${spoken(least)} ${count === "table" ? "operations" : "multiply-adds"}`;
    if (cheapest.includes("self-attention")) return `${start}, and ${all}`;
    const times = operations["self-attention"] / least;
    return `${start}, and ${lacks[cheapest[0]]}; self-attention ${all}, for ${times < 1000 ? format(times, 1) : grouped(Math.round(times))} times as much`;
  }

  #plot(now) {
    const { settings, parts } = this;
    const { n, count } = settings;
    const { left, right, top, below, height, row } = PLOT;
    const width = Math.max(this.curve.clientWidth, 240);
    const floor = height - below;
    const at = (size) => layerCosts({ ...settings, n: size }).operations;
    const [low, high] = [Math.floor(Math.log10(Math.min(...Object.values(at(1))))), Math.ceil(Math.log10(Math.max(...Object.values(at(MOST)))))];
    const x = (size) => left + (Math.log(size) / Math.log(MOST)) * (width - left - right);
    const y = (operations) => floor - ((Math.log10(operations) - low) / (high - low)) * (floor - top);
    const f = (px) => px.toFixed(1);
    const word = (text, across, up, anchor, kind = "") => s("text", { x: f(across), y: f(up), "text-anchor": anchor, class: kind }, text);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const heights = ticks(low, high, 2);
    const sizes = [1, 10, 100, 1000, 10000].filter((size) => Math.abs(x(size) - x(n)) > 62);
    const said = `n = ${grouped(n)}`;
    parts.grid.replaceChildren(
      ...heights.flatMap((k) => [s("path", { class: "grid", d: `M${left} ${f(y(10 ** k))}H${width - right}` }), word(power(k), left - 6, y(10 ** k) + 4, "end")]),
      ...sizes.map((size) => word(grouped(size), x(size), floor + 16, "middle")), word(said, Math.min(x(n), width - 4 * said.length), floor + 16, "middle", "now"),
      word(`↑ ${count === "table" ? "operations" : "multiply-adds"}`, 0, 10, "start"), word("positions n →", width - right, height - 3, "end"));
    const curves = [...new Set([...STOPS, Math.min(settings.r, MOST)])].sort((a, b) => a - b).map((size) => [size, at(size)]);
    LAYERS.forEach((layer, i) => {
      parts.lines[i].setAttribute("d", `M${curves.map(([size, operations]) => `${f(x(size))} ${f(y(operations[layer]))}`).join("L")}`);
      parts.dots[i].setAttribute("cx", f(x(n)));
      parts.dots[i].setAttribute("cy", f(y(now.operations[layer])));
      parts.dots[i].setAttribute("r", now.cheapest.includes(layer) ? 6.5 : 4.5);
    });
    parts.here.setAttribute("d", `M${f(x(n))} ${top}V${floor}`);
    const met = LAYERS.slice(1).map((layer, i) => ({ layer, name: CROSSINGS[count][i], size: now.crossings[layer] })).filter(({ size }) => size >= 1 && size <= MOST);
    met.sort((a, b) => a.size - b.size);
    parts.meet.replaceChildren(...met.map(({ layer, name, size }, i) => {
      const [across, line, text] = [x(size), top - 12 - (met.length - 1 - i) * row, `n = ${name} = ${grouped(size)}`];
      const beyond = across + 7 * text.length > width;
      return s("g", { class: `meet ${layer}` }, s("path", { d: `M${f(across)} ${line - 8}V${f(y(at(size)["self-attention"]))}` }),
        s("circle", { cx: f(across), cy: f(y(at(size)["self-attention"])), r: 4 }), word(text, across + (beyond ? -5 : 5), line, beyond ? "end" : "start"));
    }));
  }
}
