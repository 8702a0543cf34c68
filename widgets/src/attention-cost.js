// <attention-cost>: what an attention layer computes and keeps, part by part, as n, m, d_model and h move.
import { format, h, WidgetElement } from "./element.js";
import { cost, gcd, grouped, including, MOST, nearestIndex, PARTS, POWERS, share, SIZES, spoken, total } from "./layers-maths.js";

/** A slider over the values of list(), for a setting that may stand between two of them. */
export function listRange(widget, name, label, list, onset = (value) => widget.set(name, value)) {
  const control = widget.range(label, { min: 0, text: () => String(widget.settings[name]), onset: (k) => onset(list()[k]) });
  const show = (value, enabled) => {
    control.input.max = list().length - 1;
    control.show(nearestIndex(list(), value), enabled);
  };
  return { ...control, show };
}

// What each part is, and how its multiply-adds and bytes are counted; "nn" is n² or n·m.
const SAYS = {
  queries: ["X W_q", "n·d²", "n·d"], keys: ["Y W_k", "m·d²", "m·d"], values: ["Y W_v", "m·d²", "m·d"],
  scores: ["Q Kᵀ", "nn·d", "h·nn"], softmax: ["weights", "", "h·nn"], output: ["weights V", "nn·d", "n·d"], join: ["heads W_o", "n·d²", "n·d"],
};
const TABLES = { operations: ["scores", "output"], bytes: ["scores", "softmax"] }; // what grows with n times m

const STYLE = `
:host { --table: #7a4fc0; --join: #6e7781; }
:host([dark]) { --table: #b79cf5; --join: #8b949e; }
.widget { container-type: inline-size; }
.sized { display: flex; align-items: end; gap: 0.4rem; }
.sized .reading { display: none; }
.field { width: 4.5rem; height: 1.75rem; padding: 0 0.3rem; background: var(--surface); border: 1px solid var(--line); border-bottom-color: var(--muted); border-radius: 4px; }
.field:invalid { outline: 2px dotted var(--wrong); }
.queries { --part: var(--query); } .keys { --part: var(--key); } .values { --part: var(--value); } .join { --part: var(--join); }
.scores, .softmax, .output { --part: var(--table); }
.bars { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.15rem 0.7rem; align-items: center; margin: 0 0 0.8rem; }
.bars p { margin: 0 0 0.35rem; grid-column: 2; color: var(--muted); }
.stack { display: flex; height: 1.3rem; border-radius: 4px; overflow: hidden; }
.stack div { flex: 0 0 0; min-width: 0; background: var(--part); box-shadow: inset -1px 0 var(--surface); }
.swatch { display: inline-block; width: 0.7rem; height: 0.7rem; margin-right: 0.4rem; border-radius: 2px; background: var(--part); }
.stack .softmax, .softmax .swatch { background: repeating-linear-gradient(45deg, var(--part) 0 3px, var(--surface) 3px 5px); }
.stack .output, .output .swatch { opacity: 0.6; }
.parts { width: 100%; }
.parts th, .parts td { padding: 0.2rem 0.3rem; text-align: right; font-weight: 400; vertical-align: top; }
.parts th:first-child, .parts td:nth-child(2), .parts thead th:nth-child(2) { text-align: left; }
.parts thead th { color: var(--muted); border-bottom: 1px solid var(--line); }
.parts tbody th { font-weight: 600; white-space: nowrap; }
.parts small { display: block; color: var(--muted); font-size: 0.75rem; }
.parts tfoot th, .parts tfoot td { border-top: 1px solid var(--line); font-weight: 600; }
@container (max-width: 30rem) {
  .bars { grid-template-columns: minmax(0, 1fr); } .bars p { grid-column: 1; }
  .parts th, .parts td { padding: 0.2rem 0.15rem; font-size: 0.75rem; } .parts small { font-size: 0.6875rem; }
  .swatch { margin-right: 0.2rem; }
}
`;

export class AttentionCost extends WidgetElement {
  static STYLE = STYLE;

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
    const widths = including(POWERS.slice(3), this.settings.d_model);
    const controls = {
      n: this.#sized("n", "n: queries"),
      m: this.#sized("m", "m: keys and values"),
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
    this.cells = PARTS.map(() => [h("td"), h("td"), h("td")]); // what it makes, multiply-adds, bytes
    const rows = PARTS.map((name, k) => h("tr", { class: name }, h("th", { scope: "row" }, h("span", { class: "swatch" }), name), ...this.cells[k]));
    const heading = ["part", "makes", "multiply-adds", "bytes"].map((text) => h("th", { scope: "col" }, text));
    const table = h("table", { class: "parts" }, h("thead", {}, h("tr", {}, ...heading)), h("tbody", {}, ...rows),
      h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "sum"), h("td"), ...this.counts.map((count) => count.total))));
    this.note = h("p", { class: "note" });
    this.live = h("p", { class: "live", "aria-live": "polite" });
    return h("div", { class: "widget", role: "group", "aria-label": spec.caption || "The cost of an attention layer" },
      spec.caption ? h("p", { class: "caption" }, spec.caption) : "",
      h("div", { class: "controls" }, ...Object.values(this.controls).map(({ node }) => node), this.resetButton()), bars, table, this.note, this.live);
  }

  /** A slider for n or m, with a field beside it. */
  #sized(name, label) {
    const control = listRange(this, name, label, () => SIZES);
    const field = h("input", {
      class: "field", type: "number", min: 1, max: MOST, "aria-label": `${label}, as a number`,
      oninput: () => { if (field.value && field.validity.valid) this.set(name, Number(field.value)); },
      onchange: () => { field.value = this.settings[name]; },
    });
    const show = (size, enabled) => {
      control.show(size, enabled);
      field.disabled = enabled === false;
      if (Number(field.value) !== size) field.value = size;
    };
    return { node: h("div", { class: "sized" }, control.node, field), show };
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
      [makes, grouped(now.operations[name]), grouped(now.bytes[name])].forEach((text, c) => this.cells[k][c].replaceChildren(text, h("small", {}, small[c])));
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
    const news = `n = ${n}, ${same ? "" : `m = ${m}, `}d_model = ${d}, ${settings.h} ${settings.h === 1 ? "head" : "heads"}: ${spoken(total(now.operations))} multiply-adds, `
      + `${format(share(now.operations, TABLES.operations), 1)} % of them grow with ${same ? "n squared" : "n times m"}`;
    if (this.live.textContent !== news) this.live.textContent = news;
  }
}
