// <position-map>: the sinusoidal position vectors as a heat map, and the dot products of one of them with all against the distance.
import { colourTable } from "../frame/colours.js";
import { format, h, WidgetElement } from "../frame/element.js";
import { baseAt, baseIndex, grouped, including, sinusoidal, sizesTo } from "../maths/layers.js";
import { frame, listRange, penOn, picture, s, say, VIEW_STYLE } from "../frame/layers-view.js";
import { index, integer, number, oneOf } from "../maths/link.js";
import { matmulT } from "../maths/attention.js";
import { clamp, niceAbove, ticks } from "../maths/plane.js";

const MOST = 512; // features
const SHOWN = 8; // numbers of the row that are written out
const DISTANCE = 5; // at first
const MAP = { left: 34, top: 22, below: 44, height: 300, row: 22 }; // px; `row`: the highest
const CURVE = { left: 66, right: 12, top: 22, below: 36, height: 200 };
const ORDER = { interleaved: "sin, cos, sin, cos, …", concatenated: "all sines, then all cosines" };

const STYLE = `${VIEW_STYLE}
.curve { margin-top: 0.8rem; }
.line { stroke: var(--text); fill: none; stroke-width: 1.5; stroke-linejoin: round; }
.here { stroke: var(--query); stroke-width: 1.5; } .there { stroke: var(--key); stroke-width: 1.5; stroke-dasharray: 4 3; } circle { fill: var(--key); }
.row { margin: 0.5rem 0 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.row b { color: var(--query); font-weight: 600; }
`;

export class PositionMap extends WidgetElement {
  static STYLE = STYLE;
  static MORE = ["distance"];
  #made = {}; // the table, for the settings it was made for
  #painted = null; // what the small image shows
  #hover = null; // the position under the mouse

  load(spec) {
    this.n = spec.n;
    this.distance = DISTANCE; // from the position in focus to the one it is compared with: kept while the position moves
    super.load(spec);
  }

  get kinds() {
    const { n } = this;
    return { position: index(n), d_model: integer(2, MOST, 2), base: number(1, 1e6), layout: oneOf(Object.keys(ORDER)), distance: integer(1 - n, n - 1) };
  }

  reset() {
    this.distance = DISTANCE;
    super.reset();
    this.schedule();
  }

  // Numbers.

  /** The position vectors (n, d_model). */
  get table() {
    const { d_model, base, layout } = this.settings;
    const key = `${d_model} ${base} ${layout}`;
    if (this.#made.key !== key) this.#made = { key, table: sinusoidal(this.n, d_model, base, layout) };
    return this.#made.table;
  }

  row(p) {
    const { d_model } = this.settings;
    return this.table.subarray(p * d_model, (p + 1) * d_model);
  }

  /** The dot product of the position in focus with each (n). */
  get dots() {
    return matmulT(this.row(this.settings.position), this.table, 1, this.n, this.settings.d_model);
  }

  /** The position that the one in focus is compared with. */
  get other() {
    return this.#hover ?? clamp(this.settings.position + this.distance, 0, this.n - 1);
  }

  // DOM, built once.

  build() {
    const { spec, n, settings } = this;
    const last = () => n - 1;
    const look = (p) => this.#look(p);
    const widths = including(sizesTo(MOST).filter((size) => size % 2 === 0), settings.d_model);
    const set = (name) => (value) => this.set(name, value);
    const controls = {
      position: this.range("Position", { min: 0, max: n - 1, text: String, onset: set("position") }),
      d_model: listRange(this, "d_model", "d_model", () => widths),
      base: this.range("Base", { min: 0, max: 60, text: () => grouped(this.settings.base), onset: (k) => this.set("base", baseAt(k)) }),
      layout: this.radios("Layout", Object.keys(ORDER).map((name) => [name, name]), set("layout")),
    };
    this.controls = Object.fromEntries(spec.controls.map((name) => [name, controls[name]]));
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.map = picture("map", `Heat map, ${n} positions; the up and down keys choose one`, {
      keys: ["ArrowUp", "ArrowDown"], at: (x, y) => Math.floor((y - MAP.top) / this.rowHeight), from: () => this.settings.position, last, choose: set("position"), look,
    }, this.canvas);
    this.numbers = h("p", { class: "row" });
    this.note = h("p", { class: "note" });
    this.parts = {
      grid: s("g"), line: s("path", { class: "line" }), here: s("path", { class: "here" }), there: s("path", { class: "there" }), dot: s("circle", { r: 4.5 }),
    };
    this.svg = s("svg", { "aria-hidden": "true", height: CURVE.height }, ...Object.values(this.parts));
    this.curve = picture("curve", "Dot products against the distance; the left and right keys choose a distance", {
      keys: ["ArrowLeft", "ArrowRight"], at: (x, y, width) => Math.round(((x - CURVE.left) / (width - CURVE.left - CURVE.right)) * (n - 1)), from: () => this.other, last,
      choose: (p) => { this.distance = p - this.settings.position; }, look,
    }, this.svg);
    this.live = h("p", { class: "live", "aria-live": "polite", id: "live" });
    return frame(this, "Sinusoidal positions", this.map, this.numbers, this.note, this.curve, this.live);
  }

  // Drawing.

  draw() {
    const { settings, controls, other } = this;
    const { position: p, d_model: d, base } = settings;
    controls.position?.show(p);
    controls.d_model?.show(d);
    controls.base?.show(baseIndex(base));
    controls.layout?.show(settings.layout);
    const more = d > SHOWN ? `, … (${d})` : "";
    this.numbers.replaceChildren(h("b", {}, `position ${p}`), ` = [${Array.from(this.row(p).subarray(0, SHOWN), (x) => format(x, 3)).join(", ")}${more}]`);
    const longest = base ** ((d - 2) / d); // over 2 pi
    this.note.textContent = (d === 2 ? "One wavelength: 2π = 6.3 positions" : base === 1 ? "Base 1: every wavelength is 2π = 6.3 positions, so all pairs of features say the same"
      : `Wavelengths from 2π = 6.3 to ${grouped(longest)} × 2π = ${grouped(2 * Math.PI * longest)} positions`)
      + ` · squared length ${d / 2} at every position`;
    const { dots } = this;
    const far = other - p;
    say(this.live, `positions ${p} and ${other}, distance ${far > 0 ? "+" : ""}${String(far).replace("-", "−")}: dot product ${format(dots[other], 2)}, at most d/2 = ${d / 2}`);
    this.#drawCurve(dots);
    this.#paint();
  }

  #paint() {
    const { canvas, n, settings } = this;
    const { d_model: d, position } = settings;
    const { left, top, below } = MAP;
    const width = Math.max(this.map.clientWidth, 120);
    const [cell, row] = [(width - left - 2) / d, Math.min(MAP.height / n, MAP.row)];
    const height = top + n * row + below;
    this.rowHeight = row;
    const { pen, write, ratio } = penOn(canvas, width, height);
    const ink = Object.fromEntries(["muted", "surface", "query", "key"].map((name) => [name, this.colour(name)]));
    const dark = this.hasAttribute("dark");
    const colours = colourTable("scores", dark);
    const shows = `${this.#made.key} ${dark}`;
    if (this.#painted !== shows) this.#paintSmall(colours, d);
    this.#painted = shows;
    pen.imageSmoothingEnabled = Math.min(cell, row) * ratio < 1;
    pen.drawImage(this.small, left, top, d * cell, n * row);

    write("↓ position", 0, 9, ink.muted);
    write(`feature →  ${ORDER[settings.layout]}`, width - 2, 9, ink.muted, "right");
    const { other } = this;
    const at = (p) => top + (p + 0.5) * row;
    const clear = (p) => Math.abs(at(p) - at(position)) > 12 && Math.abs(at(p) - at(other)) > 12;
    const marks = [[other, ink.key], [position, ink.query]];
    for (const p of ticks(0, n - 1, niceAbove(Math.max(1, 16 / row)))) if (clear(p)) write(String(p), left - 6, at(p), ink.muted, "right");
    for (const [p, colour] of marks) {
      if (p === position || Math.abs(at(p) - at(position)) > 11) write(String(p), left - 6, at(p), colour, "right");
      for (const [wide, stroke] of [[3.5, ink.surface], [1.75, colour]]) {
        Object.assign(pen, { lineWidth: wide, strokeStyle: stroke });
        pen.strokeRect(left, top + p * row - 0.75, d * cell, row + 1.5);
      }
    }
    for (const j of ticks(0, d - 1, niceAbove(Math.max(1, 40 / cell)))) write(String(j), left + (j + 0.5) * cell, top + n * row + 10, ink.muted, "center");

    const y = height - 12; // the legend
    pen.fillStyle = pen.createLinearGradient(left + 20, 0, left + 130, 0);
    colours.forEach((colour, k) => pen.fillStyle.addColorStop(k / 255, `rgb(${colour})`));
    pen.fillRect(left + 20, y - 5, 110, 10);
    write("−1", left + 15, y, ink.muted, "right");
    write("1", left + 136, y, ink.muted);
  }

  /** The map with one pixel a number, to be enlarged. */
  #paintSmall(colours, d) {
    this.small = new OffscreenCanvas(d, this.n);
    const pen = this.small.getContext("2d");
    const image = pen.createImageData(d, this.n);
    const pixels = new Uint32Array(image.data.buffer);
    const packed = colours.map(([r, g, b]) => 255 << 24 | b << 16 | g << 8 | r);
    this.table.forEach((x, k) => { pixels[k] = packed[Math.round(127.5 + 127.5 * x)]; });
    pen.putImageData(image, 0, 0);
  }

  #drawCurve(dots) {
    const { n, other, parts } = this;
    const { position, d_model: d } = this.settings;
    const { left, right, top, below, height } = CURVE;
    const width = Math.max(this.curve.clientWidth, 120);
    const low = Math.min(0, ...dots);
    const floor = height - below;
    const x = (p) => left + (p / (n - 1)) * (width - left - right);
    const y = (dot) => floor - ((dot - low) / (d / 2 - low)) * (floor - top);
    const f = (px) => px.toFixed(1);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const word = (text, at, up, anchor = "end") => s("text", { x: f(at), y: f(up), "text-anchor": anchor }, text);
    const level = (dot, text) => [s("path", { class: "grid", d: `M${left} ${f(y(dot))}H${width - right}` }), word(text, left - 6, y(dot) + 4)];
    const distances = ticks(-position, n - 1 - position, niceAbove(((n - 1) * 44) / (width - left - right)));
    parts.grid.replaceChildren(...level(d / 2, `d/2 = ${d / 2}`), ...level(0, "0"), ...(y(0) < floor - 16 ? level(low, format(low, 1)) : []),
      ...distances.map((k) => word(String(k).replace("-", "−"), x(position + k), floor + 16, "middle")),
      word("↑ dot product", 0, 10, "start"), word("distance to the position →", width - right, height - 3));
    parts.line.setAttribute("d", `M${Array.from(dots, (dot, p) => `${f(x(p))} ${f(y(dot))}`).join("L")}`);
    parts.here.setAttribute("d", `M${f(x(position))} ${top}V${floor}`);
    parts.there.setAttribute("d", `M${f(x(other))} ${top}V${floor}`);
    parts.dot.setAttribute("cx", f(x(other)));
    parts.dot.setAttribute("cy", f(y(dots[other])));
  }

  /** Compare with a position for as long as the mouse stands on it. */
  #look(p) {
    this.#hover = p;
    this.schedule();
  }
}
