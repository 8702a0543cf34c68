// <attention-player>: one self-attention in seven steps; every number can be changed, and what follows is recomputed.
import { format, h, WidgetElement } from "../frame/element.js";
import { bare, labelsOf } from "../frame/labels.js";
import { index, number, record } from "../maths/link.js";
import { decode, LARGEST, parse, text } from "../maths/attention.js";
import { attention, place, products, rounded, SMALLEST_DIVISOR, STEPS, sum, vector } from "../maths/player.js";

const PACE = 1500; // ms a step, while it plays
const INPUTS = ["X", "W_q", "W_k", "W_v"];
const ROLES = { Q: "query", K: "key", V: "value", W_q: "query", W_k: "key", W_v: "value", output: "value" };
const LAST = STEPS.length - 1;

const subscript = (i) => String(i + 1).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
const title = (word) => word[0].toUpperCase() + word.slice(1);

/** "e^{14} and W_{q}" with real superscripts and subscripts, as nodes; no line ends beside a multiplication sign. */
const rich = (string) => string.replace(/ ?[×·] ?| (?==)/g, (sign) => sign.replaceAll(" ", "\u00a0")).split(/([\^_]\{[^}]*\})/).map((part) => {
  const [, sign, inner] = part.match(/^([\^_])\{(.*)\}$/) ?? [];
  return sign ? h(sign === "^" ? "sup" : "sub", {}, inner) : part;
});
const matrixName = (name) => rich(name.replace(/_(.)/, "_{$1}"));

const STYLE = `
.widget { container-type: inline-size; }
.bar { position: sticky; top: var(--sa-top, 0px); z-index: 2; margin: 0 -0.9rem 0.75rem; padding: 0.5rem 0.9rem; background: var(--surface); border-bottom: 1px solid var(--line);
  display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; justify-content: space-between; }
.steps { display: flex; flex-wrap: wrap; gap: 0.2rem; margin: 0; padding: 0; list-style: none; }
.steps button { border-color: transparent; background: none; color: var(--muted); padding: 0.1rem 0.3rem; }
.steps .done button { color: var(--text); }
.steps button[aria-current] { background: var(--mark); color: var(--surface); }
.moves { display: flex; gap: 0.35rem; }
.moves button { min-width: 3.7rem; }
:is(.bar, .controls) :is(button, input) { scroll-margin-bottom: 5rem; } /* above the live line */
.own { margin-left: auto; }
[aria-disabled="true"] { opacity: 0.5; cursor: default; }
.stages { display: grid; gap: 0.6rem; }
.stage { min-width: 0; padding: 0.5rem 0.7rem 0.7rem; border: 1px solid var(--line); border-left: 4px solid var(--line); border-radius: 6px; scroll-margin: 9rem 0 5rem; }
.stage.now { border-left-color: var(--mark); background: var(--well); }
.stage > .title { margin: 0; font-weight: 600; }
.title small { font-size: 0.8125rem; font-weight: 400; color: var(--muted); }
.says { margin: 0.1rem 0 0.5rem; overflow-wrap: anywhere; }
.stage:not(.now) > .says { display: none; }
.stage:not(.now) > .title { margin-bottom: 0.3rem; }
.blocks { display: flex; flex-direction: column; gap: 0.75rem 1.25rem; }
.block { display: flex; flex-wrap: wrap; gap: 0.4rem 0.6rem; min-width: 0; }
.block + .block { border-top: 1px solid var(--line); padding-top: 0.6rem; }
.matrix { min-width: 0; max-width: 100%; overflow-x: auto; padding: 2px; }
.matrix p { margin: 0; font-weight: 600; }
.matrix p small { font-weight: 400; color: var(--muted); }
.matrix th { font-weight: 400; font-size: 0.75rem; color: var(--muted); padding: 0 0.3rem 0 0; text-align: center; }
.matrix tbody th { text-align: left; min-width: 1.2rem; max-width: 8rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.matrix tbody th b { font-size: 0.875rem; color: var(--text); }
.matrix td { padding: 1px; }
.query { color: var(--query); } .key { color: var(--key); } .value { color: var(--value); }
sub, sup { line-height: 0; font-size: 0.75em; }
.field { width: calc(var(--wide, 4) * 0.58em + 0.9rem); min-width: 2.25rem; height: 1.75rem; padding: 0 0.3rem; text-align: right; font-variant-numeric: tabular-nums; background: var(--surface);
  border: 1px solid var(--line); border-bottom-color: var(--muted); border-radius: 4px; scroll-margin: 9rem 0 5rem; }
.field:hover { border-color: var(--mark); }
.field.used { background: color-mix(in srgb, var(--mark) 22%, var(--surface)); border-color: var(--mark); }
.field.hand { border: 2px dashed; padding: 0 0.1rem; font-weight: 700; }
.field[aria-invalid] { outline: 2px dotted; outline-offset: 1px; }
.lines { display: grid; grid-template-columns: minmax(3rem, max-content) minmax(0, max-content) auto; justify-content: start; gap: 0.25rem 0.75rem; }
.line { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: center; }
.line > :first-child { max-width: 7rem; text-align: left; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.line .field { --wide: 7; }
.working { color: var(--muted); text-align: right; }
.working, .result { font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
.pairs .working { text-align: left; }
.result { text-align: right; }
.pairs .result { grid-column: 2 / -1; text-align: left; }
.track { grid-column: 1 / -1; background: var(--line); border-radius: 2px; }
.share { height: 5px; border-radius: 2px; background: var(--mark); transform-origin: left; }
.total { border-top: 1px solid var(--muted); margin: 0.4rem 0 0; padding-top: 0.3rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.divisor { display: flex; flex-wrap: wrap; gap: 0.35rem; align-items: center; margin: 0 0 0.4rem; }
.divisor .field { --wide: 5; }
.divisor button { padding: 0 0.45rem; }
.divisor button[aria-pressed="true"] { border: 2px solid var(--mark); font-weight: 600; }
.hands { display: flex; flex-wrap: wrap; gap: 0.35rem; align-items: center; margin: 0.75rem 0 0; }
.hands button { border: 2px dashed var(--muted); }
.live { position: sticky; bottom: 0; z-index: 2; margin: 0.6rem -0.9rem 0; padding: 0.4rem 0.9rem; background: var(--surface); border-top: 1px solid var(--line); overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
[hidden] { display: none !important; }
@container (max-width: 40rem) {
  .line > :first-child { max-width: 5rem; }
  .long { grid-template-columns: minmax(0, 1fr) auto; justify-content: stretch; }
  .long .working { grid-area: 2 / 1 / auto / -1; text-align: left; }
}
@container (min-width: 40rem) {
  .stages { grid-template-columns: 1fr 1fr; }
  .broad { grid-column: 1 / -1; }
  .field { min-width: 2.5rem; }
  .small { flex-direction: row; justify-content: space-between; }
  .small .block { flex-direction: column; }
  .small .block + .block { border: 0; padding: 0; }
}
@media print {
  .steps, .moves, .divisor button, .hands span { display: none; }
  .bar, .live { position: static; }
  .stage:not(.now) > .says { display: block; }
  .stage { break-inside: avoid; }
}
@media (prefers-reduced-motion: no-preference) { .share { transition: transform 150ms ease-out; } }
`;

export class AttentionPlayer extends WidgetElement {
  static STYLE = STYLE;
  #timer = 0;
  #said = ""; // what the reader has just changed, for the live line
  #typing = null; // the field being typed in, which draw() leaves alone
  #follow = false; // bring the current step into view

  load(spec) {
    this.inputs = Object.fromEntries(INPUTS.map((name) => [name, decode(spec[name])]));
    [this.n, this.d_model] = this.inputs.X.shape;
    this.d_k = this.inputs.W_q.shape[1];
    this.d_v = this.inputs.W_v.shape[1];
    this.tokens = labelsOf(spec.tokens);
    super.load(spec);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#pause();
  }

  set(name, value, options) {
    if (options?.silent) this.#said = ""; // Python's doing, not the reader's
    super.set(name, value, options);
  }

  reset() {
    this.#pause();
    this.#typing = null;
    this.#said = "Everything as at the start";
    super.reset();
    this.schedule();
  }

  get kinds() {
    const { n, d_model, d_k, d_v } = this;
    const of = { X: [n, d_model], W_q: [d_model, d_k], W_k: [d_model, d_k], W_v: [d_model, d_v], Q: [n, d_k], K: [n, d_k], V: [n, d_v], scores: [n, n], scaled: [n, n], weights: [n, n] };
    const value = number(-LARGEST, LARGEST);
    const edit = { // ["X[0,1]", 3] is X,0,1,3
      write: ([key, x]) => `${key.replace(/\W+/g, ",")}${x}`,
      read: (text) => {
        const [name, ...numbers] = text.split(",");
        if (!Object.hasOwn(of, name) || numbers.length !== 3) return undefined;
        const [i, j, x] = [...of[name].map(index), value].map((kind, k) => kind.read(numbers[k]));
        return [i, j, x].includes(undefined) ? undefined : [place(name, i, j), x];
      },
    };
    return { divisor: number(SMALLEST_DIVISOR, LARGEST), query: index(n), step: index(STEPS.length), edits: record(edit) };
  }

  take(values) {
    super.take(values);
    this.#said = "";
  }

  // Numbers, for the settings as they are now.

  get all() { return attention(this.inputs, this.settings.edits, this.settings.divisor); }
  get scores() { return this.all.scores.data; } // (n, n)
  get scaled() { return this.all.scaled.data; } // (n, n)
  get weights() { return this.all.weights.data; } // (n, n)
  get output() { return this.#row(this.all.output, this.settings.query); } // (d_v)

  /** Row i, column j of a matrix: its value, whether that was set by hand, and then what had been computed, as text. */
  #at(name, i, j, all = this.all) {
    const { shape, data, computed } = all[name];
    const at = i * shape[1] + j;
    const hand = place(name, i, j) in this.settings.edits;
    return { value: data[at], hand, aside: hand ? `${text(computed[at])}; by hand: ` : "" };
  }

  #row({ shape, data }, i) {
    return data.subarray(i * shape[1], (i + 1) * shape[1]);
  }

  // DOM, built once.

  build() {
    const { spec, n, d_model, d_k, d_v, tokens } = this;
    this.fields = [];
    this.picked = ["Q", this.settings.query, 0]; // the number of Q, K or V whose working is shown

    this.query = this.radios("Query: whose output?", tokens.map((token, i) => [String(i), token]), (i) => {
      this.#said = "";
      this.set("query", Number(i));
    });
    this.steps = STEPS.map((name, step) => h("button", { type: "button", onclick: () => this.#go(step) }, `${step + 1} ${title(name)}`));
    const list = h("ol", { class: "steps", "aria-label": "Steps", onkeydown: (event) => this.#walk(event) }, ...this.steps.map((button) => h("li", {}, button)));
    this.previous = h("button", { type: "button", onclick: () => this.#go(this.settings.step - 1) }, "Previous");
    this.next = h("button", { type: "button", onclick: () => this.#go(this.settings.step + 1) }, "Next");
    this.player = h("button", { type: "button", onclick: () => this.#play() }, "Play");

    const projection = (input, output) => h("div", { class: "block" },
      this.#matrix(input, [d_model, output === "V" ? d_v : d_k]), this.#matrix(output, [n, output === "V" ? d_v : d_k]));
    const lines = (make, kind = "") => h("div", { class: `lines ${kind}` }, ...tokens.map((_, j) => make(j)));
    this.workings = { scores: [], scaled: [], weights: [], weighted: [], sums: [] };
    const line = (name, j) => {
      const [working, field] = [h("span", { class: "working" }), this.#field(name, () => [this.settings.query, j])];
      this.workings[name].push(working);
      return h("div", { class: "line" }, h("span", { class: "key", dir: "auto", title: spec.tokens[j] }, bare(tokens[j])), working, field);
    };
    const result = (name, label, props) => {
      const parts = { working: h("span", { class: "working" }), result: h("span", { class: "result" }) };
      this.workings[name].push(parts);
      return h("div", { class: "line" }, h("span", props, label), parts.working, parts.result);
    };
    this.shares = tokens.map(() => h("div", { class: "share" }));
    this.rowSum = h("p", { class: "note" });
    this.total = h("p", { class: "total" });

    this.stages = [
      this.#stage(0, "a row of numbers for each word", "broad", this.#matrix("X", [n, d_model])),
      this.#stage(1, "three matrices make queries, keys and values", "broad",
        h("div", { class: `blocks ${Math.max(d_k, d_v) > 4 ? "" : "small"}` }, projection("W_q", "Q"), projection("W_k", "K"), projection("W_v", "V"))),
      this.#stage(2, "query times key", "broad", lines((j) => line("scores", j), d_k > 3 ? "long" : "")),
      this.#stage(3, "keep the scores small", "", this.#divisor(), lines((j) => line("scaled", j))),
      this.#stage(4, "scores become weights", "", lines((j) => {
        const node = line("weights", j);
        node.append(h("div", { class: "track" }, this.shares[j]));
        return node;
      }), this.rowSum),
      this.#stage(5, "weight times value", "", lines((j) => result("weighted", bare(tokens[j]), { class: "key", dir: "auto", title: spec.tokens[j] }), "pairs")),
      this.#stage(6, "one new vector", "",
        h("div", { class: "lines" }, ...Array.from({ length: d_v }, (_, c) => result("sums", `number ${c + 1}`))), this.total),
    ];
    this.hands = h("div", { class: "hands", role: "group", "aria-label": "Set by hand" });
    this.live = h("p", { class: "live", "aria-live": "polite" });
    const node = h("div", { class: "widget", role: "group", "aria-label": spec.caption || "Self-attention, step by step" },
      spec.caption ? h("p", { class: "caption" }, spec.caption) : "",
      h("div", { class: "controls" }, this.query.node, this.resetButton()),
      h("div", { class: "bar" }, list, h("div", { class: "moves" }, this.previous, this.next, this.player)),
      h("div", { class: "stages" }, ...this.stages.map((stage) => stage.node)), this.hands,
      h("p", { class: "note" }, "Every framed number can be changed: type in it, or press ↑ and ↓. Clear it to have it computed again."),
      this.live);
    for (const event of ["pointerover", "focusin"]) node.addEventListener(event, ({ target }) => this.#pick(target));
    return node;
  }

  #stage(step, what, extent, ...content) {
    const says = h("p", { class: "says" });
    const name = title(STEPS[step]);
    const node = h("div", { class: `stage ${extent}`, role: "group", "aria-label": `Step ${step + 1}, ${STEPS[step]}` },
      h("p", { class: "title" }, `${step + 1} ${name} `, h("small", {}, what)), says, ...content);
    return { node, says };
  }

  /** A grid of fields with its name and shape; rows of X are words, rows of Q, K, V are theirs too. */
  #matrix(name, [rows, columns]) {
    const words = rows === this.n && !name.startsWith("W");
    const small = name.toLowerCase();
    const heading = (i) => {
      if (!words) return [String(i + 1)];
      return name === "X" ? [h("b", {}, this.tokens[i]), ` x${subscript(i)}`] : [`${small}${subscript(i)}`];
    };
    const from = name in ROLES && words ? ["= X ", ...matrixName(`W_${small}`)] : [];
    const table = h("table", { "aria-label": `${name}, ${rows} by ${columns}` },
      h("thead", {}, h("tr", {}, h("td"), ...Array.from({ length: columns }, (_, c) => h("th", { scope: "col" }, String(c + 1))))),
      h("tbody", {}, ...Array.from({ length: rows }, (_, i) => h("tr", {},
        h("th", { scope: "row", title: words ? this.spec.tokens[i] : null }, ...heading(i)),
        ...Array.from({ length: columns }, (_, c) => h("td", {}, this.#field(name, () => [i, c])))))));
    return h("div", { class: "matrix" }, h("p", { class: ROLES[name] }, ...matrixName(name), " ", ...from, h("small", {}, ` (${rows} × ${columns})`)), table);
  }

  #field(name, at) {
    const field = { name, at };
    field.input = h("input", {
      class: `field ${ROLES[name] ?? ""}`, type: "text", autocomplete: "off", spellcheck: "false",
      oninput: () => this.#type(field), onchange: () => this.#settle(), onblur: () => this.#settle(),
      onkeydown: (event) => this.#nudge(event, field),
    });
    this.fields.push(field);
    return field.input;
  }

  #divisor() {
    const { d_k } = this;
    const input = h("input", {
      class: "field", type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": "Divide the scores by",
      onchange: () => this.#settle(), onblur: () => this.#settle(),
      oninput: () => {
        const value = parse(input.value);
        this.#typing = input;
        const good = value >= SMALLEST_DIVISOR;
        this.#said = good ? "" : `“${input.value}” is not a number above 0: still divided by ${text(this.settings.divisor)}`;
        this.#invalid(input, !good);
        if (good) this.set("divisor", value);
        this.schedule();
      },
    });
    const choices = [[8, "8"], [Math.sqrt(d_k), "√dₖ"], [d_k, "dₖ"], [1, "1"]];
    const buttons = choices.map(([value, label]) => h("button", {
      type: "button", title: text(value), onclick: () => {
        this.#said = `divided by ${text(value)}`;
        this.set("divisor", value);
      },
    }, label));
    this.divisor = { input, buttons: buttons.map((node, k) => ({ node, value: choices[k][0] })) };
    return h("div", { class: "divisor", role: "group", "aria-label": "Divisor" }, "divide by", input, ...buttons);
  }

  // What the reader does.

  #go(step) {
    this.#pause();
    this.#show(step);
  }

  #show(step) {
    this.#said = "";
    this.#follow = true;
    this.set("step", Math.min(Math.max(step, 0), LAST));
  }

  #play() {
    if (this.#timer) return this.#pause();
    if (this.settings.step === LAST) this.#show(0);
    this.#timer = setInterval(() => {
      this.#show(this.settings.step + 1);
      if (this.settings.step === LAST) this.#pause();
    }, PACE);
    this.schedule();
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.schedule();
  }

  #walk(event) {
    const { step } = this.settings;
    const to = { ArrowLeft: step - 1, ArrowRight: step + 1, Home: 0, End: LAST }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#go(to);
    this.steps[this.settings.step].focus({ preventScroll: true });
  }

  #type(field) {
    const { input } = field;
    const value = parse(input.value);
    const empty = input.value.trim() === "";
    const edited = place(field.name, ...field.at()) in this.settings.edits;
    this.#typing = input;
    this.#invalid(input, value === null && !(empty && edited));
    if (value !== null || (empty && edited)) return this.#edit(field.name, ...field.at(), value);
    const why = empty ? "An empty field is not a number" : Math.abs(Number(input.value)) > LARGEST ? `${input.value} is too large` : `“${input.value}” is not a number`;
    this.#said = `${why}: ${this.#label(field)} is still ${text(this.#at(field.name, ...field.at()).value)}`;
    this.schedule();
  }

  #nudge(event, field) {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const value = this.#at(field.name, ...field.at()).value + way * (field.name === "weights" ? 0.1 : 1);
    this.#settle();
    this.#edit(field.name, ...field.at(), Math.min(Math.max(Number(value.toPrecision(12)), -LARGEST), LARGEST));
  }

  /** Typing is over: the field shows its number again. */
  #settle() {
    if (this.#typing) this.#invalid(this.#typing, false);
    this.#typing = null;
    this.schedule();
  }

  /** Set a number by hand; null has it computed again. */
  #edit(name, i, j, value) {
    const key = place(name, i, j);
    const { [key]: old, ...edits } = this.settings.edits;
    const original = INPUTS.includes(name) && value === this.inputs[name].data[i * this.inputs[name].shape[1] + j];
    if (value !== null && !original) edits[key] = value;
    const label = this.#label({ name, at: () => [i, j] });
    this.#said = `${label} ${key in edits ? `set to ${text(value)} by hand` : INPUTS.includes(name) ? "as at first" : "computed again"}`;
    if (edits[key] !== old) this.set("edits", edits);
    this.schedule();
  }

  #pick(target) {
    const field = this.fields.find(({ input }) => input === target);
    if (!field || !["Q", "K", "V"].includes(field.name)) return;
    this.picked = [field.name, ...field.at()];
    this.schedule();
  }

  #invalid(input, yes) {
    if (yes) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  /** "X, Thinking, feature 2" */
  #label({ name, at }) {
    const [i, j] = at();
    const { tokens } = this;
    if (name === "X") return `X, ${tokens[i]}, feature ${j + 1}`;
    if (name.startsWith("W")) return `${name}, row ${i + 1}, column ${j + 1}`;
    if (name.length === 1) return `${name}, ${tokens[i]}, number ${j + 1}`;
    return `${name.replace(/s$/, "")}, query ${tokens[i]}, key ${tokens[j]}`;
  }

  // Drawing.

  draw() {
    const all = this.all;
    const { step, query, divisor, edits } = this.settings;
    if (step !== 1) this.picked = ["Q", query, 0];
    this.query.show(String(query));
    this.steps.forEach((button, k) => {
      button.parentNode.className = k < step ? "done" : "";
      if (k === step) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    this.previous.setAttribute("aria-disabled", step === 0);
    this.next.setAttribute("aria-disabled", step === LAST);
    this.player.textContent = this.#timer ? "Pause" : "Play";
    this.stages.forEach(({ node }, k) => {
      node.hidden = k > step;
      node.classList.toggle("now", k === step);
    });
    this.#drawFields(all, step);
    this.#write(this.divisor.input, text(divisor), divisor);
    for (const { node, value } of this.divisor.buttons) node.setAttribute("aria-pressed", value === divisor);
    this.#drawLines(all, query);
    this.stages[step].says.replaceChildren(...this.#explain(all, step, query));
    this.#drawHands(edits);
    const news = [this.#said, this.#summary(all, step, query)].filter(Boolean).join("; ");
    if (this.live.textContent !== news) this.live.textContent = news;
    this.#scroll(step);
  }

  #write(input, shown, exact) {
    if (input === this.#typing) return;
    if (input.value !== shown) input.value = shown;
    input.title = String(exact);
  }

  #drawFields(all, step) {
    const [name, row, column] = this.picked;
    const widest = {};
    for (const field of this.fields) {
      const [i, j] = field.at();
      const { value, hand } = this.#at(field.name, i, j, all);
      const used = step === 1 && (
        (field.name === "X" && i === row) || (field.name === `W_${name.toLowerCase()}` && j === column)
        || (field.name === name && i === row && j === column));
      const shown = field.name === "weights" ? format(value, 3) : text(value);
      this.#write(field.input, shown, value);
      field.input.classList.toggle("hand", hand);
      field.input.classList.toggle("used", used);
      field.input.setAttribute("aria-label", this.#label(field) + (hand ? ", by hand" : ""));
      widest[field.name] = Math.max(widest[field.name] ?? 2, shown.length);
    }
    for (const { name: of, input } of this.fields) if (of.length < 4) input.style.setProperty("--wide", Math.min(widest[of], 8));
  }

  /** How the score, the scaled score or the weight of key j is computed, up to the last equals sign; as nodes. */
  #working(name, i, j, all) {
    const power = (s) => `e^{${text(s)}}`;
    let how;
    if (name === "scores") how = `q${subscript(i)} · k${subscript(j)} = ${products(this.#row(all.Q, i), this.#row(all.K, j))}`;
    else if (name === "scaled") how = `${text(this.#at("scores", i, j, all).value)} / ${text(this.settings.divisor)}`;
    else {
      const powers = Array.from(this.#row(all.scaled, i), power);
      const shown = powers.length > 3 ? [powers[0], "…", powers.at(-1)] : powers;
      how = `${powers[j]} / (${shown.join(" + ")})`;
    }
    return rich(`${how} = ${this.#at(name, i, j, all).aside}`);
  }

  #drawLines(all, i) {
    const { workings, n } = this;
    const weights = this.#row(all.weights, i);
    for (let j = 0; j < n; j++) {
      for (const name of ["scores", "scaled", "weights"]) workings[name][j].replaceChildren(...this.#working(name, i, j, all));
      const v = this.#row(all.V, j);
      workings.weighted[j].working.textContent = `${text(rounded(weights[j], 4))} × ${vector(v)}`;
      workings.weighted[j].result.textContent = `= ${vector(v.map((x) => rounded(x * weights[j])))}`;
      this.shares[j].style.transform = `scaleX(${Math.min(Math.max(weights[j], 0), 1)})`;
    }
    const z = this.#row(all.output, i);
    workings.sums.forEach((parts, c) => {
      parts.working.textContent = `${sum(Array.from(weights, (w, j) => rounded(w * this.#row(all.V, j)[c])))} =`;
      parts.result.textContent = text(z[c]);
    });
    const total = weights.reduce((a, b) => a + b, 0);
    const one = Math.abs(total - 1) < 1e-9;
    this.rowSum.textContent = one ? "The weights add up to 1." : `Set by hand, the weights add up to ${text(total)}, not to 1.`;
    this.total.replaceChildren(h("span", { class: "query" }, this.tokens[i]), ` z${subscript(i)} = `, h("span", { class: "value" }, vector(z)));
  }

  /** One sentence for the current step, with its numbers. */
  #explain(all, step, i) {
    const { n, tokens } = this;
    const word = h("b", { class: "query" }, tokens[i]);
    const scaled = this.#row(all.scaled, i);
    // The example: first another word, then the one that gets most.
    const j = step > 2 ? scaled.indexOf(Math.max(...scaled)) : Math.min(n - 1, i === 0 ? 1 : 0);
    const other = h("b", { class: "key" }, tokens[j]);
    const weights = this.#row(all.weights, i);
    const example = (name, decimals) => {
      const { value } = this.#at(name, i, j, all);
      return [other, ": ", ...this.#working(name, i, j, all), `${decimals ? format(value, decimals) : text(value)}.`];
    };
    switch (step) {
      case 0:
        return ["Each word becomes a row of numbers, its embedding: ", word, ` is x${subscript(i)} = ${vector(this.#row(all.X, i))}.`];
      case 1: {
        const [name, row, column] = this.picked;
        const W = all[`W_${name.toLowerCase()}`];
        const [rows, columns] = W.shape;
        const down = Array.from({ length: rows }, (_, r) => W.data[r * columns + column]);
        const { aside, value } = this.#at(name, row, column, all);
        const which = ["first", "second", "third", "fourth", "fifth", "sixth"][column];
        return [`A row of X times a matrix. The ${which} number of ${name.toLowerCase()}${subscript(row)}: row ${row + 1} of X, times column ${column + 1} of `,
          ...matrixName(`W_${name.toLowerCase()}`), ...rich(`: ${products(this.#row(all.X, row), down)} = ${aside}${text(value)}. Point at another number to see where it comes from.`)];
      }
      case 2:
        return ["How well does each key fit the query of ", word, "? Multiply number by number and add. ", ...example("scores")];
      case 3:
        return ["Divide each score by the same number. ", ...example("scaled")];
      case 4:
        return ["Raise e to each and divide by the sum, so that all add up to 1. ", ...example("weights", 2)];
      case 5:
        return ["Multiply each value by its weight. ", other, `: ${format(weights[j], 2)} × v${subscript(j)} = ${vector(this.#row(all.V, j).map((x) => rounded(x * weights[j])))}.`];
      default: {
        const terms = Array.from(weights, (w, k) => `${format(w, 2)} v${subscript(k)}`);
        return [`Add them up: ${terms.join(" + ")} = z${subscript(i)}, the new vector of `, word, ", which now holds something of every word it reads."];
      }
    }
  }

  /** The result of the current step, in a few words. */
  #summary(all, step, i) {
    const { tokens, n } = this;
    const each = (name, decimals) => tokens.map((token, j) => {
      const x = all[name].data[i * n + j];
      return `${token} ${decimals ? format(x, decimals) : text(x)}`;
    }).join(", ");
    const of = (name) => vector(this.#row(all[name], i));
    switch (step) {
      case 0: return `${tokens[i]}: ${of("X")}`;
      case 1: return `${tokens[i]}: query ${of("Q")}, key ${of("K")}, value ${of("V")}`;
      case 2: return `scores: ${each("scores")}`;
      case 3: return `scaled: ${each("scaled")}`;
      case 6: return `weights: ${each("weights", 2)}; output of ${tokens[i]}: ${of("output")}`;
      default: return `weights: ${each("weights", 2)}`;
    }
  }

  #drawHands(edits) {
    const keys = Object.keys(edits);
    const state = JSON.stringify(edits);
    if (this.handsShown === state) return;
    this.handsShown = state;
    const had = this.hands.contains(this.shadowRoot.activeElement);
    this.hands.hidden = keys.length === 0;
    this.hands.replaceChildren("By hand (press to undo):", ...keys.map((key) => {
      const [, name, i, j] = key.match(/(\w+)\[(\d+),(\d+)\]/);
      const label = this.#label({ name, at: () => [Number(i), Number(j)] });
      return h("button", { type: "button", title: "Undo", onclick: () => this.#edit(name, Number(i), Number(j), null) }, `${label}: ${text(edits[key])} `, h("span", { "aria-hidden": "true" }, "✕"));
    }));
    if (had) (this.hands.querySelector("button") ?? this.player).focus();
  }

  /** After the reader's step: the current step into view, if the widget is. */
  #scroll(step) {
    if (!this.#follow) return;
    this.#follow = false;
    const { top, bottom } = this.getBoundingClientRect();
    if (bottom < 0 || top > innerHeight) return;
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    this.stages[step].node.scrollIntoView({ block: "nearest", behavior });
  }
}
