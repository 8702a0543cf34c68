// <attention-cost>: what an attention layer computes and keeps, part by part, as n, m, d_model and h move.
import { format, h, WidgetElement } from "../frame/element.js";
import { integer } from "../maths/link.js";
import { cost, gcd, grouped, including, MOST, PARTS, POWERS, share, sizesTo, spoken, total } from "../maths/layers.js";
import { fill, frame, listRange, say, sizeRange, table, VIEW_STYLE } from "../frame/layers-view.js";

// What each part is, and how its multiply-adds and bytes are counted; "nn" is n² or n·m.
const SAYS = {
  queries: ["X W_q", "n·d²", "n·d"], keys: ["Y W_k", "m·d²", "m·d"], values: ["Y W_v", "m·d²", "m·d"],
  scores: ["Q Kᵀ", "nn·d", "h·nn"], softmax: ["weights", "", "h·nn"], output: ["weights V", "nn·d", "n·d"], join: ["heads W_o", "n·d²", "n·d"],
};
const TABLES = { operations: ["scores", "output"], bytes: ["scores", "softmax"] }; // what grows with n times m

const STYLE = `${VIEW_STYLE}
:host { --table: #7a4fc0; --join: #6e7781; }
:host([dark]) { --table: #b79cf5; --join: #8b949e; }
.queries { --part: var(--query); } .keys { --part: var(--key); } .values { --part: var(--value); } .join { --part: var(--join); }
.scores, .softmax, .output { --part: var(--table); }
.bars { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.15rem 0.7rem; align-items: center; margin: 0 0 0.8rem; }
.bars p { margin: 0 0 0.35rem; grid-column: 2; color: var(--muted); }
.stack { display: flex; height: 1.3rem; border-radius: 4px; overflow: hidden; }
.stack div { flex: 0 0 0; min-width: 0; background: var(--part); box-shadow: inset -1px 0 var(--surface); }
.stack .softmax, .softmax .swatch { background: repeating-linear-gradient(45deg, var(--part) 0 3px, var(--surface) 3px 5px); }
.stack .output, .output .swatch { opacity: 0.6; }
.parts td:nth-child(2), .parts thead th:nth-child(2) { text-align: left; }
.parts tbody th { white-space: nowrap; }
@container (max-width: 30rem) {
  .bars { grid-template-columns: minmax(0, 1fr); } .bars p { grid-column: 1; }
}
`;

export class AttentionCost extends WidgetElement {
  static STYLE = STYLE;

  get kinds() {
    const size = integer(1, MOST);
    const m = { write: (m) => m ?? "same", read: (text) => (text === "same" ? null : size.read(text)) };
    return { n: size, m, d_model: size, h: size };
  }

  clashes({ d_model, h }) {
    return d_model % h ? ["d_model", "h"] : [];
  }

  /** A d_model that h does not divide takes the largest number of heads that divides both: no step in between is wrong. */
  setWidth(d_model) {
    this.set("h", gcd(this.settings.h, d_model));
    this.set("d_model", d_model);
  }

  reset() {
    this.set("h", 1); // which fits any d_model
    super.reset();
  }

  // DOM, built once.

  build() {
    const { spec } = this;
    const sizes = sizesTo(MOST);
    const widths = including(POWERS.slice(3), this.settings.d_model);
    const controls = {
      n: sizeRange(this, "n", "n: queries", sizes),
      m: sizeRange(this, "m", "m: keys and values", sizes),
      d_model: listRange(this, "d_model", "d_model", () => widths, (d) => this.setWidth(d)),
      h: listRange(this, "h", "h: heads", () => including(POWERS, this.initial.h).filter((heads) => this.settings.d_model % heads === 0)),
    };
    const whose = this.radios("Keys and values of", [["same", "the same words, m = n"], ["other", "other words"]], (who) => {
      this.set("m", who === "same" ? null : this.settings.n);
    });
    this.controls = Object.fromEntries(spec.controls.flatMap((name) => [...(name === "m" ? [["whose", whose]] : []), [name, controls[name]]]));

    this.counts = Object.keys(TABLES).map((what) => ({ what, stack: PARTS.map((name) => h("div", { class: name })), says: h("p"), total: h("td") }));
    const bars = h("div", { class: "bars", "aria-hidden": "true" }, ...this.counts.flatMap(({ what, stack, says }) => {
      return [h("div", {}, what === "bytes" ? what : "multiply-adds"), h("div", { class: "stack" }, ...stack), says];
    }));
    const sum = h("tr", {}, h("th", { scope: "row" }, "sum"), h("td"), ...this.counts.map((count) => count.total));
    this.listing = table(["part", "makes", "multiply-adds", "bytes"], PARTS, sum);
    this.note = h("p", { class: "note" });
    this.live = h("p", { class: "live", "aria-live": "polite" });
    return frame(this, "The cost of an attention layer", bars, this.listing.node, this.note, this.live);
  }

  // Drawing.

  draw() {
    const { settings, controls, spec } = this;
    const { n, m, d_model: d } = settings;
    const same = m === null;
    controls.n?.show(n);
    controls.m?.show(m ?? n, !same);
    controls.whose?.show(same ? "same" : "other");
    controls.d_model?.show(d);
    controls.h?.show(settings.h);

    const now = Object.assign(this, cost(settings, spec.bytes_per_number)); // .shapes, .operations, .bytes, .exponentials, .parameters
    const squared = same ? "n²" : "n·m";
    const formula = (text) => (same ? text.replace("nn", "n²").replace("m·", "n·").replace("Y", "X") : text.replace("nn", "n·m"));
    PARTS.forEach((name, k) => {
      const [makes, operations, bytes] = SAYS[name].map(formula);
      const small = [`(${now.shapes[name].join(", ")})`, operations || `${grouped(now.exponentials)} exponentials`, `${spec.bytes_per_number}·${bytes}`];
      [makes, grouped(now.operations[name]), grouped(now.bytes[name])].forEach((text, c) => fill(this.listing.cells[k][c], text, small[c]));
    });
    for (const { what, stack, says, total: sum } of this.counts) {
      PARTS.forEach((name, k) => { stack[k].style.flexGrow = now[what][name]; });
      const percent = share(now[what], TABLES[what]);
      const [most, tables] = what === "bytes" ? ["vectors", "tables"] : ["projections", "part"];
      says.textContent = `${most} ${format(100 - percent, 1)} % · ${squared} ${tables} ${format(percent, 1)} %`;
      sum.textContent = grouped(total(now[what]));
    }
    this.note.textContent = `d is d_model. Parameters: 4·d² = ${grouped(now.parameters)}, whatever n and h. Projections: `
      + (same ? `4·n·d²; scores and output: 2·n²·d, which is more from n = 2·d = ${2 * d} on.` : `2·(n + m)·d²; scores and output: 2·n·m·d.`);
    say(this.live, `n = ${n}, ${same ? "" : `m = ${m}, `}d_model = ${d}, ${settings.h} ${settings.h === 1 ? "head" : "heads"}: ${spoken(total(now.operations))} multiply-adds, `
      + `${format(share(now.operations, TABLES.operations), 1)} % of them grow with ${same ? "n squared" : "n times m"}`);
  }
}
