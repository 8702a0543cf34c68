// <attention-map>: scores, scale, mask, softmax, weighted sum, recomputed as the reader moves the controls.
import { colourTable, inkOn } from "../frame/colours.js";
import { format, h, WidgetElement } from "../frame/element.js";
import { bare, fit, label, labelsOf, widthOf } from "../frame/labels.js";
import { index, integer, number, oneOf } from "../maths/link.js";
import { METHODS, REACH, attentionWeights, buildMask, decode, entropy, maskNames, matmul, matmulT, positionOf, scaleFactor, temperatureAt } from "../maths/attention.js";

const BARS = 12; // rows of the bar list; a longer row of weights shows its largest
const COMPONENTS = 8; // components of the output that are written out
const MAX_CELL = 56; // CSS px
const NUMBER_CELL = 34; // smallest cell that holds a number
const LABEL_CELL = 11; // smallest cell of which each row and column is labelled
const LABEL_GAP = 14; // distance of labels where not each is drawn
const [TALL, TALLEST] = [32, 160]; // px that a row and all rows are at least high, so that many keys leave a row to be seen
const NAME = 20; // characters of a word beside a slider
const FONT = "13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"; // on the canvas

const SCALE_NAMES = [["1", "1"], ["1/sqrt(d_k)", "1/√d_k"], ["1/d_k", "1/d_k"]];
const MASK_LABELS = { causal: "causal", padding: "padding", window: "window", given: "as given" };

const STYLE = `
.body { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; }
.map { flex: 1 1 22rem; min-width: 0; max-width: 100%; overflow: hidden; border-radius: 4px; }
.map canvas { display: block; touch-action: pan-y; cursor: crosshair; }
.side { flex: 1 1 15rem; min-width: 0; max-width: 26rem; }
.heading { margin: 0 0 0.3rem; font-size: 0.9375rem; font-weight: 600; }
.side table { width: 100%; table-layout: fixed; }
.side th, .side td { padding: 0.1rem 0.25rem; text-align: right; font-weight: 400; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.side thead th, .side thead td { color: var(--muted); font-size: 0.8125rem; border-bottom: 1px solid var(--line); }
.side th:first-child { text-align: left; width: 34%; }
.side thead td { width: 24%; }
.bar { height: 0.8rem; border-radius: 2px; background: var(--mark); transform-origin: left; }
.masked .bar { transform: none !important; background: repeating-linear-gradient(45deg, transparent 0 3px, var(--line) 3px 5px); }
.leak td { color: var(--wrong); } .leak .bar { background: var(--wrong); }
.current th:first-child { font-weight: 700; color: var(--key); }
.query { color: var(--query); }
.output { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.output b { color: var(--value); font-weight: 600; }
@media (prefers-reduced-motion: no-preference) { .bar { transition: transform 90ms ease-out; } }
`;

export class AttentionMap extends WidgetElement {
  static STYLE = STYLE;
  static MORE = ["chosen"];
  #raw = new Map(); // raw scores of the heads seen so far, and the mask that they bring with them
  #scaled = {}; // the last scaled scores: a temperature or a mask does not change them
  #hover = null;
  #fitted = {}; // the labels as far as there is room for them

  load(spec) {
    const { Q, K, V, scores } = spec;
    this.#raw.clear();
    this.#scaled = {};
    this.Q = Q && decode(Q);
    this.K = K && decode(K);
    this.V = V && decode(V);
    this.raw = scores && decode(scores);
    const [layers, heads, n] = (this.Q ?? this.raw).shape;
    const m = this.K ? this.K.shape[2] : this.raw.shape[3];
    Object.assign(this, { layers, heads, n, m, d_k: this.Q ? this.Q.shape[3] : spec.d_k, chosen: null });
    this.queries = labelsOf(spec.tokens);
    this.keys = spec.key_tokens ? labelsOf(spec.key_tokens) : this.queries;
    this.widest = null;
    this.selfAttention = !spec.key_tokens;
    this.padding = spec.padding && Uint8Array.from(spec.padding);
    this.given = spec.given && Uint8Array.from(spec.given);
    super.load(spec);
  }

  get kinds() {
    const { n, m, d_k } = this;
    const masks = this.#masks;
    const mask = {
      write: (names) => names.replaceAll("+", ","),
      read: (text) => {
        const names = text === "none" ? [] : text.split(",");
        const known = masks.filter((name) => names.includes(name));
        return known.length === names.length ? known.join("+") || "none" : undefined;
      },
    };
    return {
      mask, scale: oneOf(SCALE_NAMES.map(([name]) => name).slice(0, d_k ? 3 : 1)), temperature: number(Math.min(temperatureAt(-REACH), this.start?.temperature ?? 1), 1e6),
      window: integer(1, 2 * Math.max(n, m) - 1, 2), method: oneOf(METHODS), show: oneOf(["weights", "scores"]),
      layer: index(this.layers), head: index(this.heads), query: index(n), chosen: index(m),
    };
  }

  // The names of the masks that there are.
  get #masks() {
    return Object.keys(MASK_LABELS).filter((name) => (name !== "padding" || this.padding) && (name !== "given" || this.given));
  }

  reset() {
    this.chosen = null;
    super.reset();
    this.schedule();
  }

  // Numbers.

  /** What an array holds for the head shown: a layer may serve all layers, a head of keys several heads in a row. */
  #part({ shape: [layers, heads, rows, columns], data }) {
    const { layer, head } = this.settings;
    const at = (layer % layers) * heads + Math.floor((head * heads) / this.heads);
    return data.subarray(at * rows * columns, (at + 1) * rows * columns);
  }

  /** Raw scores (n, m) of the head shown, Q K^T before scale and mask, and their own mask, if any; computed once a head. */
  get rawScores() {
    const { layer, head } = this.settings;
    const at = layer * this.heads + head;
    if (!this.#raw.has(at)) {
      const { n, m, d_k } = this;
      const scores = this.raw ? this.#part(this.raw) : matmulT(this.#part(this.Q), this.#part(this.K), n, m, d_k);
      const own = scores.includes(-Infinity) ? Uint8Array.from(scores, (s) => s > -Infinity) : null;
      this.#raw.set(at, { scores, own });
    }
    return this.#raw.get(at);
  }

  /** Scores, mask and weights of the head shown, for the settings as they are now. */
  compute() {
    const { n, m } = this;
    const { scale, mask, window, temperature, method } = this.settings;
    const { scores: raw, own } = this.rawScores;
    if (this.#scaled.raw !== raw || this.#scaled.scale !== scale) {
      const factor = scaleFactor(scale, this.d_k);
      this.#scaled = { raw, scale, scores: raw.map((s) => s * factor) };
    }
    this.scores = this.#scaled.scores; // (n, m)
    this.mask = buildMask(mask, n, m, { window, padding: this.padding, given: this.given, own });
    this.weights = attentionWeights(this.scores, n, m, { mask: this.mask, temperature, method }); // (n, m)
  }

  /** Output (d_v) of the query in focus; null without values. */
  get output() {
    if (!this.V) return null;
    const { m } = this;
    return matmul(this.row(this.weights), this.#part(this.V), 1, m, this.V.shape[3]);
  }

  /** The key in focus: the one the reader chose, else the one that the query reads most. */
  get key() {
    if (this.chosen !== null) return this.chosen;
    const weights = this.row(this.weights);
    return weights.reduce((best, w, j) => (w > weights[best] ? j : best), 0);
  }

  /** What a mask hides from a query and the query reads all the same: only a wrong method lets it. */
  leaks(k) {
    return this.mask !== null && !this.mask[k] && this.weights[k] > 0;
  }

  row(matrix, i = this.settings.query) {
    return matrix.subarray(i * this.m, (i + 1) * this.m);
  }

  // DOM, built once. Its size does not grow with n: the map is a canvas, the bars are at most BARS.

  build() {
    const { spec, n, m } = this;
    const set = (name) => (value) => this.set(name, value);
    const masks = this.#masks;
    const range = (label, max, text, name) => this.range(label, { min: 0, max, text, onset: set(name) });
    const controls = {
      layer: this.layers > 1 && range("Layer", this.layers - 1, (k) => `${k + 1} of ${this.layers}`, "layer"),
      head: this.heads > 1 && range("Head", this.heads - 1, (k) => `${k + 1} of ${this.heads}`, "head"),
      query: this.range("Query", {
        min: 0, max: n - 1, text: (i) => `${label(spec.tokens[i], NAME)} (${i + 1})`,
        onset: (i) => { this.chosen = null; this.set("query", i); },
      }),
      temperature: this.range("Temperature", {
        min: -REACH, max: REACH, text: () => String(Number(this.settings.temperature.toPrecision(3))),
        onset: (position) => this.set("temperature", temperatureAt(position, 3)),
      }),
      scale: this.d_k && this.radios("Scale", SCALE_NAMES, set("scale")),
      mask: this.checks("Mask", masks.map((name) => [name, MASK_LABELS[name]]), (names) => this.set("mask", names.join("+") || "none")),
      window: this.range("Window width", {
        min: 1, max: 2 * Math.max(n, m) - 1, step: 2, text: (w) => `${w} ${w === 1 ? "key" : "keys"}`, onset: set("window"),
      }),
      method: this.select("How the mask is applied", METHODS.map((name) => [name, name]), set("method")),
      show: this.radios("Show", [["weights", "weights"], ["scores", "scores"]], set("show")),
    };
    this.controls = Object.fromEntries(spec.controls.filter((name) => controls[name]).map((name) => [name, controls[name]]));

    this.canvas = h("canvas", {
      "aria-hidden": "true", onpointerdown: (e) => this.#point(e, true), onpointermove: (e) => this.#point(e, e.buttons === 1),
      onpointerleave: () => { this.#hover = null; this.schedule(); },
    });
    this.live = h("p", { class: "live", "aria-live": "polite", id: "live" });
    this.map = h("div", {
      class: "map", tabindex: 0, role: "application", "aria-roledescription": "attention map", "aria-describedby": "live",
      "aria-label": `Attention map, ${n} queries by ${m} keys; the arrow keys walk it`, onkeydown: (e) => this.#walk(e),
    }, this.canvas);

    this.bars = Array.from({ length: Math.min(m, BARS) }, () => {
      const cells = { token: h("th", { scope: "row", dir: "auto" }), bar: h("div", { class: "bar" }), weight: h("td"), score: h("td") };
      cells.row = h("tr", {}, cells.token, h("td", {}, cells.bar), cells.weight, cells.score);
      return cells;
    });
    const head = ["key", "", "weight", "score"].map((text) => (text ? h("th", { scope: "col" }, text) : h("td")));
    this.heading = h("p", { class: "heading" });
    this.sums = h("p", { class: "note" });
    this.result = h("p", { class: "output" });
    const side = h("div", { class: "side" }, this.heading,
      h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...this.bars.map((cells) => cells.row))),
      this.sums, this.result);

    const bar = h("div", { class: "controls" }, ...Object.values(this.controls).map((control) => control.node), this.resetButton());
    return h("div", { class: "widget", role: "group", "aria-label": spec.caption || "Attention map" },
      spec.caption ? h("p", { class: "caption" }, spec.caption) : "", bar, h("div", { class: "body" }, this.map, side), this.live);
  }

  // Drawing.

  draw() {
    this.compute();
    this.#showControls();
    this.#showRow();
    this.#paint();
  }

  #showControls() {
    const { settings, controls } = this;
    for (const name of ["layer", "head", "query", "scale", "method", "show"]) controls[name]?.show(settings[name]);
    controls.temperature?.show(positionOf(settings.temperature));
    controls.mask?.show(maskNames(settings.mask));
    controls.window?.show(settings.window);
    if (controls.window) controls.window.node.hidden = !maskNames(settings.mask).includes("window");
  }

  #showRow() {
    const { query, show } = this.settings;
    const weights = this.row(this.weights);
    const scores = this.row(this.scores);
    const may = this.mask && this.row(this.mask);
    const key = this.key;
    let shown = Array.from(weights.keys());
    if (this.m > BARS) shown = shown.sort((a, b) => weights[b] - weights[a] || a - b).slice(0, BARS);
    this.bars.forEach((cells, k) => {
      const j = shown[k];
      const masked = may !== null && !may[j];
      const state = masked && (weights[j] > 0 ? "leak" : "masked");
      cells.row.className = [state, j === key && "current"].filter(Boolean).join(" ");
      const name = bare(this.keys[j]);
      if (cells.token.textContent !== name) {
        cells.token.textContent = name;
        cells.token.title = (this.spec.key_tokens ?? this.spec.tokens)[j];
      }
      cells.bar.style.transform = `scaleX(${weights[j].toFixed(4)})`;
      cells.weight.textContent = format(weights[j], 3);
      cells.score.textContent = masked && this.settings.method === "-inf" ? format(-Infinity) : format(scores[j], 2);
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    this.heading.replaceChildren(h("span", { class: "query" }, this.queries[query]), " reads");
    this.sums.textContent = `row sum ${format(sum, 3)} · entropy ${format(entropy(weights), 3)} of at most ${format(Math.log2(this.m), 3)} bits`
      + (this.m > BARS ? ` · the ${BARS} largest of ${this.m}` : "");
    const output = this.output;
    if (output) {
      const more = output.length > COMPONENTS ? `, … (${output.length})` : "";
      this.result.replaceChildren(h("b", {}, "output "), `[${Array.from(output.subarray(0, COMPONENTS), (x) => format(x, 3)).join(", ")}${more}]`);
    }
    const [i, j] = this.#hover ?? [query, key];
    const at = i * this.m + j;
    const what = show === "weights" ? this.weights[at] : this.scores[at];
    const hidden = this.mask && !this.mask[at] ? (this.leaks(at) ? ", masked, yet it is read" : ", masked") : "";
    this.live.textContent = `${this.queries[i]} → ${this.keys[j]}: ${format(what, 2)}${show === "scores" ? " (score)" : ""}${hidden}`;
  }

  #layout(pen) {
    const { n, m } = this;
    const width = Math.max(this.map.clientWidth, 120);
    const widest = (tokens) => tokens.reduce((most, token) => Math.max(most, widthOf(pen, token)), 8);
    this.widest ??= [widest(this.queries), widest(this.keys), widest(this.keys.slice(-1))];
    const left = Math.min(this.widest[0] + 10, width * 0.3);
    const fit = (room) => Math.min((width - left - room) / m, MAX_CELL, 620 / n);
    const slanted = fit(2) >= NUMBER_CELL; // the last label then reaches out to the right
    const cell = fit(slanted ? Math.max(2, 0.72 * Math.min(this.widest[2], 100) + 8 - fit(2) / 2) : 2);
    const high = Math.max(cell, Math.min(TALL, TALLEST / n)); // of a row: where there are few, higher than wide
    const top = Math.min(this.widest[1] * (cell >= NUMBER_CELL ? 0.72 : 1) + 12, 96);
    const arcs = Math.min(90, Math.max(36, width * 0.16));
    const legend = 30;
    return { width, left, cell, high, top: arcs + top, arcs, height: arcs + top + n * high + legend };
  }

  #paint() {
    const { canvas, n, m, settings } = this;
    const pen = canvas.getContext("2d");
    pen.font = FONT;
    const layout = this.layout = this.#layout(pen);
    const { width, height, left, top, cell, high } = layout;
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = FONT;
    const ink = Object.fromEntries(["muted", "line", "surface", "query", "key", "wrong"].map((name) => [name, this.colour(name)]));
    const table = this.#table();
    const asScores = settings.show === "scores";
    const { mask, scores, weights } = this;
    const largest = asScores ? scores.reduce((a, x) => Math.max(a, x === -Infinity ? 0 : Math.abs(x)), 1e-12) : 1;
    const values = asScores ? scores : weights;
    const [low, unit] = asScores ? [128, 127 / largest] : [0.5, 255]; // value to colour: floor(low + unit * value)
    const shade = (k) => Math.floor(low + unit * values[k]);
    const hidden = (k) => mask !== null && !mask[k] && (asScores || weights[k] === 0); // a wrong mask does not hide

    // The matrix: one pixel a cell, enlarged; masked cells stay transparent on the hatching.
    if (mask) {
      pen.fillStyle = this.#hatching(pen, ink.line, ratio);
      pen.fillRect(left, top, m * cell, n * high);
    }
    const small = this.small ??= new OffscreenCanvas(m, n);
    const smallPen = small.getContext("2d");
    const image = smallPen.createImageData(m, n);
    const pixels = new Uint32Array(image.data.buffer);
    const { packed } = table;
    for (let k = 0; k < n * m; k++) {
      if (mask === null || mask[k] || (!asScores && weights[k] !== 0)) pixels[k] = packed[Math.floor(low + unit * values[k])];
    }
    smallPen.putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = cell * ratio < 1;
    pen.drawImage(small, left, top, m * cell, n * high);

    if (cell >= LABEL_CELL) {
      pen.strokeStyle = ink.surface;
      pen.lineWidth = 1;
      pen.beginPath();
      for (let i = 1; i < n; i++) { pen.moveTo(left, top + i * high); pen.lineTo(left + m * cell, top + i * high); }
      for (let j = 1; j < m; j++) { pen.moveTo(left + j * cell, top); pen.lineTo(left + j * cell, top + n * high); }
      pen.stroke();
    }
    if (cell >= NUMBER_CELL) {
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      for (let k = 0; k < n * m; k++) {
        if (hidden(k)) continue;
        pen.fillStyle = inkOn(table.rgb[shade(k)]);
        const number = asScores ? brief(values[k]) : format(values[k]);
        pen.fillText(number, left + ((k % m) + 0.5) * cell, top + (Math.floor(k / m) + 0.5) * high, cell - 3);
      }
    }
    if (mask && settings.method !== "-inf" && cell >= LABEL_CELL) {
      pen.strokeStyle = ink.wrong;
      pen.lineWidth = 1.5;
      pen.setLineDash([3, 2]);
      for (let k = 0; k < n * m; k++) {
        if (this.leaks(k)) pen.strokeRect(left + (k % m) * cell + 2, top + Math.floor(k / m) * high + 2, cell - 4, high - 4);
      }
      pen.setLineDash([]);
    }
    this.#paintFocus(pen, ink);
    this.#paintLabels(pen, ink);
    this.#paintArcs(pen, ink);
    this.#paintLegend(pen, ink, table, largest);
  }

  #table() {
    const dark = this.hasAttribute("dark");
    const name = `${this.settings.show}-${dark}`;
    if (this.tableName !== name) {
      const rgb = colourTable(this.settings.show, dark);
      this.tables = { rgb, packed: Uint32Array.from(rgb, ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0) };
      this.tableName = name;
    }
    return this.tables;
  }

  #hatching(pen, colour, ratio) {
    const size = Math.round(6 * ratio);
    const tile = new OffscreenCanvas(size, size);
    const t = tile.getContext("2d");
    t.strokeStyle = colour;
    t.lineWidth = 1.2 * ratio;
    for (const shift of [-size, 0, size]) { t.beginPath(); t.moveTo(shift, size); t.lineTo(shift + size, 0); t.stroke(); }
    const pattern = pen.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / ratio));
    return pattern;
  }

  #paintFocus(pen, ink) {
    const { left, top, cell, high } = this.layout;
    const { query } = this.settings;
    pen.lineWidth = 2;
    pen.strokeStyle = ink.query;
    pen.strokeRect(left, top + query * high, this.m * cell, Math.max(high, 2));
    const [i, j] = this.#hover ?? [query, this.key];
    pen.strokeStyle = ink.key;
    if (cell >= 5 || high < 10) pen.strokeRect(left + j * cell + 1, top + i * high + 1, Math.max(cell - 2, 2), Math.max(high - 2, 2));
    else for (const y of [top + i * high - 4, top + (i + 1) * high - 2]) { // a frame would cover the cell
      pen.fillStyle = ink.key;
      pen.fillRect(left + (j + 0.5) * cell - 1.5, y, 3, 6);
    }
  }

  #paintLabels(pen, ink) {
    const { left, top, arcs, cell, high, width } = this.layout;
    const { query } = this.settings;
    const upright = cell >= NUMBER_CELL ? -Math.PI / 4 : -Math.PI / 2;
    const room = (top - arcs - 8) / (cell >= NUMBER_CELL ? 0.72 : 1);
    const place = [left, room, width].join();
    if (this.#fitted.place !== place) this.#fitted = { place, queries: [], keys: [] };
    const { queries, keys } = this.#fitted;
    const write = (text, x, y, angle, colour, align) => {
      pen.save();
      pen.translate(x, y);
      pen.rotate(angle);
      pen.fillStyle = colour;
      pen.textAlign = align;
      pen.textBaseline = "middle";
      pen.fillText(text, 0, 0);
      pen.restore();
    };
    const labelled = (size) => {
      const stride = size >= LABEL_CELL ? 1 : Math.ceil(LABEL_GAP / size);
      return (k, focus) => k === focus || (k % stride === 0 && Math.abs(k - focus) >= stride);
    };
    const [rows, columns, key] = [labelled(high), labelled(cell), this.key];
    this.queries.forEach((token, i) => {
      if (!rows(i, query)) return;
      queries[i] ??= fit(pen, token, left - 8);
      write(queries[i], left - 6, top + (i + 0.5) * high, 0, i === query ? ink.query : ink.muted, "right");
    });
    const read = cell < LABEL_CELL && this.n === 1 ? this.#mostRead(LABEL_GAP / cell) : null; // of one row, what matters
    this.keys.forEach((token, j) => {
      if (!(read ? read.has(j) : columns(j, key))) return;
      const x = left + (j + 0.5) * cell;
      keys[j] ??= fit(pen, token, cell >= NUMBER_CELL ? Math.min(room, (width - x) / 0.72) : room); // slanted ones reach out
      write(keys[j], x, top - 6, upright, j === key ? ink.key : ink.muted, "left");
    });
  }

  // The key in focus, those that are read most, then whichever there is room for, so many keys apart.
  #mostRead(apart) {
    const weights = this.row(this.weights);
    const order = Array.from(weights.keys()).sort((a, b) => (b === this.key) - (a === this.key) || weights[b] - weights[a]);
    const named = [];
    for (const j of order) if (named.every((other) => Math.abs(other - j) >= apart)) named.push(j);
    return new Set(named);
  }

  // From the word in focus to the words it reads: the wider the arc, the larger the weight.
  #paintArcs(pen, ink) {
    const { left, arcs, cell, width } = this.layout;
    const { query } = this.settings;
    const weights = this.row(this.weights);
    const from = this.selfAttention ? left + (query + 0.5) * cell : width / 2;
    const base = arcs - 2;
    pen.strokeStyle = ink.query;
    pen.lineCap = "round";
    weights.forEach((weight, j) => {
      if (weight < 0.005) return;
      const to = left + (j + 0.5) * cell;
      pen.globalAlpha = 0.25 + 0.75 * Math.min(weight, 1);
      pen.lineWidth = 0.75 + 7 * Math.min(weight, 1);
      pen.beginPath();
      if (!this.selfAttention) {
        pen.moveTo(from, 16);
        pen.bezierCurveTo(from, arcs * 0.6, to, arcs * 0.4, to, base);
      } else if (to === from) {
        pen.lineWidth = Math.min(pen.lineWidth, 4);
        pen.ellipse(from, base - 10, 7, 9, 0, 0.5 * Math.PI, 2.5 * Math.PI);
      } else {
        const lift = Math.min(base - 6, 14 + Math.abs(to - from) * 0.45);
        pen.moveTo(from, base);
        pen.bezierCurveTo(from, base - lift * 1.3, to, base - lift * 1.3, to, base);
      }
      pen.stroke();
    });
    pen.globalAlpha = 1;
    if (!this.selfAttention) {
      pen.fillStyle = ink.query;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(fit(pen, this.queries[query], width - 8), from, 8);
    }
  }

  #paintLegend(pen, ink, table, largest) {
    const { top, high, width } = this.layout;
    const y = top + this.n * high + 14;
    const scores = this.settings.show === "scores";
    const [low, most] = scores ? [format(-largest, 1), format(largest, 1)] : ["0", "1"];
    const text = `${most}  ${this.settings.show}${this.mask ? " · hatched: masked" : ""}`;
    const length = Math.min(110, Math.round(width * 0.25));
    const left = Math.max(Math.min(this.layout.left, width - length - widthOf(pen, text) - 8), widthOf(pen, low) + 8);
    for (let x = 0; x < length; x++) {
      const [r, g, b] = table.rgb[Math.round((x / (length - 1)) * 255)];
      pen.fillStyle = `rgb(${r},${g},${b})`;
      pen.fillRect(left + x, y, 1.5, 9);
    }
    pen.strokeStyle = ink.line;
    pen.lineWidth = 1;
    pen.strokeRect(left - 0.5, y - 0.5, length + 1.5, 10);
    pen.fillStyle = ink.muted;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    pen.fillText(low, left - 5, y + 5);
    pen.textAlign = "left";
    pen.fillText(text, left + length + 6, y + 5);
  }

  // Pointer and keyboard.

  #point(event, select) {
    if (!this.layout) return;
    const { left, top, cell, high } = this.layout;
    const j = Math.floor((event.offsetX - left) / cell);
    const i = Math.floor((event.offsetY - top) / high);
    const inside = i >= 0 && i < this.n && j >= 0 && j < this.m;
    this.#hover = inside && event.pointerType === "mouse" ? [i, j] : null;
    if (inside && select) {
      this.chosen = j;
      this.set("query", i);
    }
    this.schedule();
  }

  #walk(event) {
    const { query } = this.settings;
    const key = this.key;
    const clamp = (k, size) => Math.min(Math.max(k, 0), size - 1);
    const moves = {
      ArrowUp: [query - 1, key], ArrowDown: [query + 1, key], ArrowLeft: [query, key - 1], ArrowRight: [query, key + 1],
      Home: [query, 0], End: [query, this.m - 1],
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#hover = null;
    this.chosen = clamp(move[1], this.m);
    this.set("query", clamp(move[0], this.n));
    this.schedule();
  }
}

/** A score for a cell, in few characters. */
function brief(x) {
  const size = Math.abs(x);
  if (size < 999.5) return format(x, size < 99.95 ? 1 : 0);
  return x.toExponential(1).replace(".0", "").replace("+", "").replace(/^-/, "−");
}
