// <receptive-field>: the inputs that a position in the last of some layers can see, in how many steps, at which cost.
import { h, WidgetElement } from "../frame/element.js";
import { field, grouped, KINDS, reads, spoken } from "../maths/layers.js";
import { fill, frame, penOn, picture, say, table, VIEW_STYLE } from "../frame/layers-view.js";
import { index, integer, oneOf } from "../maths/link.js";
import { clamp, niceAbove, ticks } from "../maths/plane.js";

const VIEW = { left: 52, right: 8, top: 14, below: 24 }; // px
const [LOW, HIGH, TALL] = [24, 54, 330]; // px: the least and the most between two rows, and all rows together

const MANY = 1500; // connections between two rows
const AFTER = "never what comes after it";

const STYLE = `${VIEW_STYLE}
.rows { margin-bottom: 0.3rem; } .parts td { white-space: nowrap; }
.swatch { display: none; } .parts { --hang: 0rem; }
.chosen { background: var(--well); }
.parts tbody tr:not(.chosen) th { font-weight: 400; }
`;

export class ReceptiveField extends WidgetElement {
  static STYLE = STYLE;

  get kinds() {
    return { n: integer(2, 64), layer: oneOf(KINDS), layers: integer(1, 16), k: integer(1, 15, 2), window: integer(1, 63, 2), position: index(64) };
  }

  clashes({ n, position }) {
    return position < n ? [] : ["n", "position"];
  }

  /** A shorter row takes the position along: no step in between is wrong. */
  setLength(n) {
    this.set("position", Math.min(this.settings.position, n - 1));
    this.set("n", n);
  }

  reset() {
    this.set("position", 0); // which is there for any n
    super.reset();
  }

  // DOM, built once.

  build() {
    const set = (name) => (value) => this.set(name, value);
    const size = (name, label, min, max, step, onset = set(name)) => this.range(label, { min, max, step, text: String, onset });
    const controls = {
      layer: this.select("Layer", KINDS.map((kind) => [kind, kind]), set("layer")),
      n: size("n", "n: positions", 2, 64, 1, (n) => this.setLength(n)),
      layers: size("layers", "Layers", 1, 16, 1),
      k: size("k", "k: width of the cnn", 1, 15, 2),
      window: size("window", "Window of attention", 1, 63, 2),
      position: size("position", "Position", 0, this.settings.n - 1, 1),
    };
    this.controls = Object.fromEntries(this.spec.controls.map((name) => [name, controls[name]]));
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.rows = picture("rows", "Layers of positions; the left and right keys choose a position of the last layer", {
      keys: ["ArrowLeft", "ArrowRight"], at: (x) => Math.floor((x - VIEW.left) / this.column), from: () => this.settings.position, last: () => this.settings.n - 1, choose: set("position"),
    }, this.canvas);
    this.listing = table(["layer", "sees", "layers to see all", "steps", "path", "multiply-adds"], KINDS);
    this.note = h("p", { class: "note" });
    this.live = h("p", { class: "live", "aria-live": "polite", id: "live" });
    return frame(this, "What a position sees", this.rows, this.listing.node, this.note, this.live);
  }

  // Drawing.

  draw() {
    const { settings, controls, spec } = this;
    const { n, layer, layers, position } = settings;
    if (position >= n) return; // a notebook sends one setting after the other
    if (controls.position) controls.position.input.max = n - 1;
    for (const name of spec.controls) controls[name].show(settings[name]);
    KINDS.forEach((kind, i) => {
      const now = field(kind, settings, spec.d);
      const [sees, all, steps, path, operations] = this.listing.cells[i];
      fill(sees, `${now.sees.reduce((a, b) => a + b)} of ${n}`);
      fill(all, now.needed === null ? "never" : String(now.needed));
      fill(steps, String(now.sequential));
      fill(path, String(now.path));
      fill(operations, grouped(now.operations));
      this.listing.rows[i].classList.toggle("chosen", kind === layer);
      this.listing.rows[i].setAttribute("aria-current", kind === layer);
      if (kind === layer) Object.assign(this, now); // .reach, .sees, .needed, .connections, .operations, .sequential, .path
    });
    this.note.textContent = "Sees: inputs, through the layers above. Steps: those that wait for one another, for all positions. Path: steps from the first input it sees. "
      + `Multiply-adds of all layers, with d = ${spec.d}: a connection costs d² in a cnn or an rnn; in attention 2·d, and a layer's projections 4·n·d².`;
    const count = this.sees.reduce((a, b) => a + b);
    const [first, last] = [this.sees.indexOf(1), this.sees.lastIndexOf(1)];
    const blind = { rnn: AFTER, "causal self-attention": AFTER, "dilated cnn": "never all: its widest gaps lead beyond the ends" }[layer] ?? "never all";
    const rest = count === n ? "" : `, ${this.needed === null ? blind : `all from ${this.needed} layers on`}`;
    say(this.live, `${layer}, ${layers} ${layers === 1 ? "layer" : "layers"}: position ${position} sees ${count} of ${n} inputs, ${first === last ? first : `${first} to ${last}`}${rest}; `
      + `${this.sequential} ${this.sequential === 1 ? "step" : "steps"} one after the other, ${spoken(this.operations)} multiply-adds`);
    this.#paint();
  }

  #paint() {
    const { settings, reach } = this;
    const { n, layer, layers, position } = settings;
    const { left, right, top, below } = VIEW;
    const width = Math.max(this.rows.clientWidth, 200);
    const column = (width - left - right) / n;
    const between = clamp(TALL / layers, LOW, HIGH);
    const { pen, write } = penOn(this.canvas, width, top + layers * between + below);
    this.column = column;
    const radius = clamp(column / 2 - 1, 1.5, 7);
    const x = (i) => left + (i + 0.5) * column;
    const y = (level) => top + (layers - level) * between;
    const ink = Object.fromEntries(["muted", "text", "line", "surface", "query", "key"].map((name) => [name, this.colour(name)]));

    for (let level = layers; level > 0; level--) { // the connections on which the position depends
      const pairs = [];
      reach[level].forEach((reached, i) => {
        if (!reached) return;
        const [first, last, step] = reads(layer, settings, level, i);
        for (let j = first; j <= last; j += step) pairs.push([i, j]);
      });
      const [up, down] = [y(level), y(level - 1)];
      Object.assign(pen, { strokeStyle: ink.key, fillStyle: ink.key, lineWidth: 1.25, globalAlpha: clamp(30 / pairs.length, 0.12, 0.8) });
      pen.beginPath();
      if (pairs.length > MANY) { // as the lines would: a haze
        const [top, bottom] = [reach[level], reach[level - 1]];
        const corners = [[top.indexOf(1), up], [top.lastIndexOf(1), up], [bottom.lastIndexOf(1), down], [bottom.indexOf(1), down]];
        for (const [i, height] of corners) pen.lineTo(x(i), height);
        pen.fill();
        continue;
      }
      for (const [i, j] of pairs) {
        pen.moveTo(x(i), up);
        pen.lineTo(x(j), down);
      }
      if (layer === "rnn") {
        pen.moveTo(x(0), up);
        pen.lineTo(x(position), up);
      }
      pen.stroke();
    }
    pen.globalAlpha = 1;
    for (let level = 0; level <= layers; level++) {
      if (level === 0 || layers <= 10 || level % 2 === layers % 2) write(level ? `layer ${level}` : "input", 0, y(level), ink.muted);
      for (let i = 0; i < n; i++) {
        const chosen = level === layers && i === position;
        pen.beginPath();
        pen.arc(x(i), y(level), chosen ? Math.max(radius, 3.5) : radius, 0, 2 * Math.PI);
        pen.fillStyle = chosen ? ink.query : reach[level][i] ? ink.key : ink.surface;
        pen.fill();
        Object.assign(pen, { strokeStyle: chosen ? ink.query : reach[level][i] ? ink.key : ink.muted, lineWidth: 1 });
        pen.stroke();
      }
    }
    const clear = (i) => Math.abs(x(i) - x(position)) > 18;
    for (const i of ticks(0, n - 1, niceAbove(Math.max(1, 20 / column)))) if (clear(i)) write(String(i), x(i), y(0) + 17, reach[0][i] ? ink.text : ink.muted, "center");
    write(String(position), x(position), y(0) + 17, ink.query, "center");
  }
}
