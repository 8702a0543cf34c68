// <vector-plane>: vectors as arrows; the reader picks two, drags their tips and sees how alike they are.
import { format, h, WidgetElement } from "../frame/element.js";
import { labelsOf } from "../frame/labels.js";
import { index, number, record } from "../maths/link.js";
import { compare, decode, LARGEST, matmulT, text } from "../maths/attention.js";
import { bar } from "../maths/plane.js";
import { PLANE_STYLE, PlaneView } from "../frame/plane-view.js";
import { products } from "../maths/player.js";

const WRITTEN_OUT = 3; // most features of which each product is shown

const STYLE = `${PLANE_STYLE}
.body { display: flex; flex-wrap: wrap; gap: 0.75rem 1.5rem; align-items: flex-start; }
.plane { flex: 3 1 21rem; }
.side { flex: 2 1 15rem; min-width: 0; }
.control, select { max-width: 100%; }
.live, .side th { overflow-wrap: anywhere; }
.query { color: var(--query); } .key { color: var(--key); }
.side table { width: 100%; }
.side th, .side td { padding: 0.2rem 0; border-bottom: 1px solid var(--line); font-weight: 400; vertical-align: top; }
.side th { text-align: left; }
.side th small { display: block; font-size: 0.8125rem; color: var(--muted); }
.side td { padding-left: 0.75rem; text-align: right; font-weight: 600; white-space: nowrap; }
.scale { position: relative; height: 0.7rem; margin: 0.3rem 0 0; border-radius: 2px; background: linear-gradient(var(--muted), var(--muted)) 50% 0 / 1px 100% no-repeat var(--well); }
.scale div { position: absolute; height: 100%; border-radius: 2px; background: var(--mark); }
.ends { display: grid; grid-template-columns: 1fr auto 1fr; color: var(--muted); font-size: 0.75rem; }
.ends :last-child { text-align: right; }
`;

export class VectorPlane extends WidgetElement {
  static STYLE = STYLE;
  #older = "first"; // which of the two a tap on a third word replaces

  load(spec) {
    const { vectors, axes } = spec;
    const [n, d] = vectors.shape;
    Object.assign(this, { n, d, labels: labelsOf(spec.labels), given: decode(vectors).data, axes: decode(axes).data });
    const places = matmulT(this.given, this.axes, n, 2, d);
    this.points = Array.from({ length: n }, (_, i) => [places[2 * i], places[2 * i + 1]]);
    super.load(spec);
  }

  get kinds() {
    const vector = index(this.n);
    const at = number(-LARGEST, LARGEST);
    const tip = {
      write: ([i, point]) => [i, ...point].join(),
      read: (text) => {
        const [i, ...point] = text.split(",");
        const [k, x, y] = [vector.read(i), ...point.map(at.read)];
        return point.length === 2 && ![k, x, y].includes(undefined) ? [String(k), [x, y]] : undefined;
      },
    };
    return { first: vector, second: vector, moved: record(tip) };
  }

  // Numbers.

  /** Vector i as it stands now, (d). */
  vector(i) {
    const { d, axes } = this;
    const vector = this.given.slice(i * d, (i + 1) * d);
    const to = this.settings.moved[i];
    if (!to) return vector;
    return vector.map((x, c) => x + (to[0] - this.points[i][0]) * axes[c] + (to[1] - this.points[i][1]) * axes[d + c]);
  }

  get compared() { return compare(this.vector(this.settings.first), this.vector(this.settings.second)); }
  get dot() { return this.compared.dot; }
  get cosine() { return this.compared.cosine; }
  get angle() { return this.compared.angle; }
  get lengths() { return this.compared.lengths; }

  // DOM, built once.

  build() {
    const { spec, labels, d } = this;
    const options = labels.map((label, i) => [String(i), label]);
    this.two = ["first", "second"].map((name) => this.select(`${name === "first" ? "First" : "Second"} word`, options, (i) => this.#choose(name, Number(i))));
    this.two.forEach(({ input }, k) => input.classList.add(["query", "key"][k]));
    this.view = new PlaneView({
      label: "Plane of the vectors", names: labels, handles: 2, onpick: (i) => this.#pick(i),
      onmove: (i, point) => this.set("moved", { ...this.settings.moved, [i]: point }),
    });
    this.rows = Object.fromEntries(["dot product", "first", "second", "cosine", "angle"].map((name) => {
      const row = { name: h("span", {}, name), working: h("small"), value: h("td") };
      row.node = h("tr", {}, h("th", { scope: "row" }, row.name, row.working), row.value);
      return [name, row];
    }));
    this.cosineBar = h("div");
    const scale = h("div", { "aria-hidden": "true" }, h("div", { class: "scale" }, this.cosineBar),
      h("div", { class: "ends" }, ...["−1 opposite", "0", "same way 1"].map((end) => h("span", {}, end))));
    const percent = Math.round(100 * spec.spread);
    const shown = d > 2 ? `The plane shows 2 of ${d} directions (${percent} % of the spread); the numbers count all ${d}. A drag moves a vector within the plane only. ` : "";
    const side = h("div", { class: "side" }, h("table", {}, h("tbody", {}, ...Object.values(this.rows).map(({ node }) => node))), scale,
      h("p", { class: "note" }, `${shown}Tap a third word to compare it; drag a ringed tip, or focus it and press the arrow keys.`));
    this.live = h("p", { class: "live", "aria-live": "polite" });
    const controls = h("div", { class: "controls" }, ...this.two.map(({ node }) => node), this.resetButton());
    return h("div", { class: "widget", role: "group", "aria-label": spec.caption || "Vectors in a plane" },
      spec.caption ? h("p", { class: "caption" }, spec.caption) : "", controls, h("div", { class: "body" }, this.view.node, side), this.live);
  }

  // What the reader does.

  #choose(name, i) {
    this.#older = name === "first" ? "second" : "first";
    this.set(name, i);
  }

  #pick(i) {
    const { first, second } = this.settings;
    if (i !== first && i !== second) this.#choose(this.#older, i);
  }

  reset() {
    this.#older = "first";
    super.reset();
  }

  // Drawing.

  draw() {
    const { first, second, moved } = this.settings;
    const { labels, points, d, n } = this;
    this.two.forEach((control, k) => control.show(String([first, second][k])));
    const now = points.map((point, i) => moved[i] ?? point);
    this.view.lay(points, now);
    const looks = now.map((_, i) => {
      if (i === first || i === second) return { kind: `strong ${i === first ? "query" : "key"}`, width: 2.5, dot: 0 };
      return { kind: "faint", width: 1, dot: 2.5 };
    });
    const others = Array.from({ length: n }, (_, i) => i).filter((i) => i !== first && i !== second);
    const tips = [first, second].map((i, k) => ({ of: i, kind: ["query", "key"][k], label: `${labels[i]}: ${now[i].map((x) => text(x)).join(", ")}` }));
    this.view.draw(looks, [...new Set([first, second, ...others])], tips, d === 2 ? [first, second] : null);
    this.#showNumbers(this.vector(first), this.vector(second), labels[first], labels[second]);
  }

  #showNumbers(u, v, first, second) {
    const { rows, d } = this;
    const { dot, lengths, cosine, angle } = compare(u, v);
    const short = d <= WRITTEN_OUT;
    const [a, b] = lengths;
    const write = (row, working, value) => {
      row.working.textContent = working;
      row.value.textContent = value;
    };
    write(rows["dot product"], short ? products(u, v) : `the sum of ${d} products`, text(dot));
    [["first", u, first, "query"], ["second", v, second, "key"]].forEach(([name, vector, label, kind], k) => {
      rows[name].name.replaceChildren("length of ", h("b", { class: kind }, label));
      const squares = Array.from(vector, (x) => (x < 0 ? `(${text(x)})²` : `${text(x)}²`));
      write(rows[name], short ? `√(${squares.join(" + ")})` : "", text(lengths[k]));
    });
    const defined = a > 0 && b > 0;
    write(rows.cosine, defined ? `${text(dot)} / (${text(a)} × ${text(b)})` : "a vector of length 0 has no direction", defined ? format(cosine, 3) : "–");
    write(rows.angle, "", defined ? `${format(angle, 1)}°` : "–");
    const [start, length] = bar(defined ? cosine : 0, -1, 1);
    Object.assign(this.cosineBar.style, { left: `${start}%`, width: `${length}%` });
    const said = defined ? `cosine ${format(cosine, 2)}, angle ${format(angle, 0)}°` : "no cosine, for a vector of length 0 has no direction";
    const news = `${first} and ${second}: ${said}`;
    if (this.live.textContent !== news) this.live.textContent = news;
  }
}
