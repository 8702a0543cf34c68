// <transformer-blocks>: the way of one word through the blocks of a Transformer that runs in the page.
import { colourTable, inkOn } from "../frame/colours.js";
import { largest, lens, Watched, way } from "../maths/blocks.js";
import { LONGEST } from "../maths/decoding.js";
import { format, h } from "../frame/element.js";
import { label, labelsOf } from "../frame/labels.js";
import { index, oneOf } from "../maths/link.js";
import { ModelElement } from "../frame/model.js";

const MOST = 8; // words whose logits are shown, and units that are named
const NOTHING = "–";
const BOS = "<bos>";

const STYLE = `
.widget { container-type: inline-size; }
.control, select { max-width: 100%; } .own { margin-left: auto; }
.both { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.15rem 0.9rem; align-items: baseline; margin: 0 0 0.8rem; padding: 0.5rem 0.8rem; background: var(--well); border-radius: 6px; }
.name { color: var(--muted); font-size: 0.8125rem; }
.words { display: flex; flex-wrap: wrap; gap: 0 0.1rem; font-size: 1.0625rem; }
.pick { position: relative; cursor: pointer; }
.pick input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.both .pick { padding: 0.1rem 0.3rem; border-radius: 4px; }
.both .pick:has(:checked) { background: var(--query); color: var(--surface); }
.pick:has(:focus-visible) { outline: 2px solid var(--text); outline-offset: -2px; }
.way { margin: 0; }
.stage { display: grid; grid-template-columns: 10.8rem minmax(0, 1fr) repeat(3, 3.1rem) 8.5rem; gap: 0 0.5rem; align-items: center; padding: 0.15rem 0.3rem; border-radius: 4px; font-variant-numeric: tabular-nums; }
.encoder .stage { grid-template-columns: 10.8rem minmax(0, 1fr) repeat(3, 3.4rem); }
.head { color: var(--muted); font-size: 0.8125rem; border-bottom: 1px solid var(--line); border-radius: 0; }
.stage .number { text-align: right; white-space: nowrap; }
.stage:not(.head):hover { background: var(--well); }
.stage:has(:checked) { background: var(--well); box-shadow: inset 3px 0 var(--query); }
.stage .pick { min-height: 1.6rem; display: flex; align-items: center; padding-left: 0.3rem; white-space: nowrap; }
.strip { display: block; width: 100%; height: 26px; image-rendering: pixelated; }
.says { min-width: 0; line-height: 1.15; padding-left: 0.6rem; }
.says div { display: flex; justify-content: space-between; gap: 0.4rem; white-space: nowrap; }
.says span:first-child { overflow: hidden; text-overflow: ellipsis; }
.says .less { color: var(--muted); font-size: 0.75rem; }
.key { display: flex; gap: 0.3rem 1.2rem; flex-wrap: wrap; margin: 0.35rem 0 0; color: var(--muted); font-size: 0.8125rem; }
.ramp { display: inline-block; width: 6rem; height: 0.7rem; margin: 0 0.4rem; vertical-align: -1px; }
.live { font-weight: 600; min-height: 2.9em; }
.panel { padding: 0.6rem 0.8rem; margin-top: 0.5rem; border: 1px solid var(--line); border-radius: 6px; }
.panel p { margin: 0 0 0.4rem; } .panel > :last-child { margin-bottom: 0; }
.reads { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.35rem 0.6rem; align-items: baseline; }
.chips { display: flex; flex-wrap: wrap; gap: 2px; }
.chip { padding: 0.05rem 0.3rem; border-radius: 3px; text-align: center; line-height: 1.2; max-width: 100%; overflow-wrap: anywhere; }
.chip small { display: block; font-size: 0.75rem; font-variant-numeric: tabular-nums; }
.units { height: 20px; }
.logits { width: 100%; max-width: 30rem; }
.logits { table-layout: fixed; } .logits th { font-weight: 400; text-align: left; overflow-wrap: anywhere; } .logits td { text-align: right; } .logits :is(td, th):nth-child(2) { width: 4rem; } .logits :is(td, th):nth-child(3) { width: 5.5rem; } .logits td:last-child { width: 38%; }
.logits thead th { color: var(--muted); font-size: 0.8125rem; } .logits thead th:not(:first-child) { text-align: right; }
.logits .bar { height: 0.8rem; background: var(--mark); border-radius: 2px; margin-left: 0.6rem; min-width: 1px; }
@container (max-width: 38rem) {
  .both { grid-template-columns: minmax(0, 1fr); padding: 0.4rem 0.5rem; }
  .decoder .stage, .encoder .stage { grid-template-columns: minmax(0, 1fr) repeat(3, 3.1rem); gap: 0 0.3rem; }
  .stage .pick { padding-left: 0; font-size: 0.875rem; }
  .stage .of-strip { order: 1; }
  .decoder .stage .says { order: 2; grid-column: span 3; }
  .encoder .stage .of-strip { grid-column: span 4; }
  .stage { padding-block: 0.3rem; } .live { min-height: 4.4em; }
  .logits td:last-child { width: 18%; }
}
`;

export class TransformerBlocks extends ModelElement {
  static STYLE = STYLE;
  static MODEL = Watched;
  #ran = {}; // the stages, for the word they were computed for
  #tall = 0; // px of the highest panel so far

  load(spec) {
    this.sources = spec.sentences.map((sentence) => labelsOf(sentence.split(" ")));
    this.targets = spec.targets.map((sentence) => [BOS, ...labelsOf(sentence.split(" ").filter(Boolean))]);
    super.load(spec);
  }

  get room() {
    const stages = this.querySelectorAll("tbody tr").length; // of the static table
    const says = this.expected.settings.place === "decoder";
    return this.parentNode.clientWidth < 608 ? 845 + (says ? 79 : 61) * stages : 518 + (says ? 48 : 31) * stages;
  }

  get kinds() {
    const { encoder, decoder } = this.model;
    const stages = Math.max(3 + 2 * encoder.length, 4 + 3 * decoder.length);
    return { sentence: index(this.sources.length), place: oneOf(["encoder", "decoder"]), token: index(LONGEST + 1), stage: index(stages) };
  }

  // Numbers.

  /** The words of the place shown: the source's, or what the decoder has read. */
  get words() {
    const { place, sentence } = this.settings;
    return (place === "encoder" ? this.sources : this.targets)[sentence];
  }

  /** The word shown: what the setting says, as far as there are so many. */
  get token() { return Math.min(this.settings.token, this.words.length - 1); }

  get run() {
    const { sentence, place } = this.settings;
    const { token, spec, model } = this;
    const key = [sentence, place, token].join();
    if (this.#ran.key !== key) {
      const stages = way(model, spec.sentences[sentence], spec.targets[sentence], place, token);
      this.#ran = { key, stages, lens: place === "decoder" ? lens(model, stages) : null };
    }
    return this.#ran;
  }

  /** The word's way: {name, stream, before, added, weights, units} after each part. */
  get stages() { return this.run.stages; }

  /** In the decoder: the probability of each next word at each stage. */
  get lens() { return this.run.lens; }

  get stage() { return Math.min(this.settings.stage, this.stages.length - 1); }

  // Another word; the stage in focus stays what it was, if the other place has it too.
  #follow(place, token) {
    const { name } = this.stages[this.stage];
    this.set("place", place);
    this.set("token", token);
    const stage = this.stages.findIndex((other) => other.name === name);
    if (stage >= 0) this.set("stage", stage);
  }

  // DOM.

  build() {
    const { spec, model } = this;
    this.namedWords = this.namedStages = null;
    const options = spec.sentences.map((sentence, k) => [String(k), sentence]);
    this.sentence = this.select("Sentence", options, (k) => this.set("sentence", Number(k)));
    this.sentence.node.hidden = options.length === 1;
    this.source = h("div", { class: "words", role: "group", "aria-label": "Words in the encoder" });
    this.target = h("div", { class: "words", role: "group", "aria-label": "Words in the decoder" });
    const columns = ["stage", `stream: ${model.d} numbers`, "length", "adds", "cosine", "would say"];
    const classes = ["", "of-strip", "number", "number", "number", "says"];
    this.says = [];
    this.heads = columns.map((name, i) => h("div", { role: "columnheader", class: classes[i] }, name));
    this.way = h("div", { class: "way", role: "table", "aria-label": "Stages" });
    this.ramp = h("span", { class: "ramp" });
    this.most = [h("span"), h("span")];
    this.live = h("p", { class: "live", "aria-live": "polite" });
    this.panel = h("div", { class: "panel", role: "group", "aria-label": "The stage in focus" });
    return h("div", { class: "widget", role: "group", "aria-label": spec.caption || "A word's way through the blocks" },
      spec.caption ? h("p", { class: "caption" }, spec.caption) : "", h("div", { class: "controls" }, this.sentence.node, this.resetButton()),
      h("div", { class: "both" }, h("span", { class: "name" }, "encoder reads"), this.source, h("span", { class: "name" }, "decoder has written"), this.target), this.way,
      h("p", { class: "key" }, h("span", {}, this.most[0], this.ramp, this.most[1]), h("span", {}, "thick: the stream; thin, below it: what was added")), this.live, this.panel);
  }

  // A radio button, invisible, over all of its label.
  #pick(name, label, onchange, spoken = label) {
    return h("label", { class: "pick" }, h("input", { type: "radio", name, "aria-label": spoken, onchange }), label);
  }

  // What changes with the sentence.
  #nameWords() {
    const { sentence } = this.settings;
    const line = (place, words) => words.map((word, token) => this.#pick("word", word, () => this.#follow(place, token), `${word}, ${place}, word ${token + 1}`));
    this.source.replaceChildren(...line("encoder", this.sources[sentence]));
    this.target.replaceChildren(...line("decoder", this.targets[sentence]));
  }

  // What changes with the place.
  #nameStages() {
    const { place } = this.settings;
    this.way.className = `way ${place}`;
    const heads = place === "decoder" ? this.heads : this.heads.slice(0, -1);
    this.rows = this.stages.map(({ name, stream }, k) => {
      const pick = this.#pick("stage", name.replace(/^(\d+): /, "layer $1: "), () => this.set("stage", k));
      const strip = name === "logits" ? h("span", {}, `${stream.length} logits`) : h("canvas", { class: "strip", "aria-hidden": "true" });
      const numbers = ["length", "adds", "cosine"].map(() => h("div", { role: "cell", class: "number" }));
      const says = h("div", { role: "cell", class: "says" });
      const node = h("div", { role: "row", class: "stage" }, h("div", { role: "rowheader" }, pick), h("div", { role: "cell", class: "of-strip" }, strip), ...numbers, place === "decoder" ? says : "");
      node.addEventListener("click", () => this.set("stage", k));
      return { node, input: pick.firstChild, strip, numbers, says };
    });
    this.way.replaceChildren(h("div", { role: "row", class: "stage head" }, ...heads), ...this.rows.map(({ node }) => node));
  }

  // Drawing.

  draw() {
    if (!this.clientWidth) return; // out of sight
    const { settings, stages, stage, token, spec } = this;
    const { sentence, place } = settings;
    if (this.namedWords !== sentence) this.#nameWords();
    this.namedWords = sentence;
    if (this.namedStages !== place) this.#nameStages();
    this.namedStages = place;
    this.sentence.show(String(sentence));
    (place === "encoder" ? this.source : this.target).querySelectorAll("input")[token].checked = true;

    const streams = stages.filter(({ name }) => name !== "logits");
    const most = Math.max(...streams.flatMap(({ stream, added }) => [stream, added ?? []]).map((X) => Math.max(...Array.from(X, Math.abs), 0)));
    const colours = colourTable("scores", this.hasAttribute("dark"));
    this.ramp.style.background = `linear-gradient(90deg, ${colours.filter((_, k) => k % 15 === 0).map((colour) => `rgb(${colour})`)})`;
    this.most[0].textContent = format(-most, 1);
    this.most[1].textContent = format(most, 1);
    this.rows.forEach((row, k) => this.#showStage(row, stages[k], k, most, colours));
    this.rows[stage].input.checked = true;
    this.#showPanel(stages[stage], stage);
    const said = this.#sentence(stages[stage], stage);
    if (this.live.textContent !== said) this.live.textContent = said;
  }

  #showStage({ strip, numbers, says }, stage, k, most, colours) {
    const { name, stream, added } = stage;
    const size = length(stream);
    const texts = name === "logits" ? ["", "", ""] : [format(size), added ? format(length(added)) : NOTHING, added ? format(cosine(stage)) : NOTHING];
    numbers.forEach((node, i) => { node.textContent = texts[i]; });
    if (name !== "logits") paint(strip, [[stream, 18], [added, 8]], (x) => colours[Math.round(127.5 + 127.5 * (x / most))], this);
    if (!this.lens) return;
    const p = this.lens[k];
    const words = this.model.target;
    const best = largest(p, 3);
    says.replaceChildren(...best.map((id, i) => h("div", { class: i ? "less" : "" }, h("span", {}, label(words[id])), h("span", {}, format(p[id])))));
  }

  #sentence(stage, k) {
    const { name, stream, added } = stage;
    const word = this.words[this.token];
    let said = `${word}, ${name.replace(/^(\d+): \+ /, "layer $1, ")}: `;
    if (name === "logits") said += `${stream.length} of them`;
    else said += added ? `adds ${format(length(added))} at cosine ${format(cosine(stage))}, length ${format(length(stream))}` : `length ${format(length(stream))}`;
    if (!this.lens) return said;
    const [best] = largest(this.lens[k], 1);
    return `${said}; the next word would be ${label(this.model.target[best])}, ${format(this.lens[k][best])}`;
  }

  // What the part in focus did. While the reader walks from stage to stage the panel never shrinks: nothing below it moves to and fro.
  #showPanel(stage, k) {
    const { panel } = this;
    const key = [this.#ran.key, k, this.clientWidth, this.hasAttribute("dark")].join();
    if (panel.key === key) return;
    const { sentence, place } = this.settings;
    const room = [sentence, place, this.clientWidth].join();
    if (panel.room !== room) this.#tall = 0;
    Object.assign(panel, { key, room });
    panel.replaceChildren(...this.#explain(stage, k));
    panel.style.minHeight = "";
    this.#tall = Math.max(this.#tall, Math.ceil(panel.getBoundingClientRect().height));
    panel.style.minHeight = `${this.#tall}px`;
  }

  #explain({ name, stream, weights, units }, k) {
    const { model, words, token } = this;
    const word = h("b", {}, words[token]);
    const { place } = this.settings;
    const end = place === "encoder" ? "the decoder's attention to the source reads it" : "its dot products with all word vectors are the logits";
    if (weights) return this.#heads(word, name, weights);
    if (units) return this.#units(word, units);
    if (name === "word") return [h("p", {}, "The vector of ", word, ` in the matrix of word vectors, times √${model.d} = ${format(Math.sqrt(model.d))}.`)];
    if (name === "+ position") return [h("p", {}, `The vector of position ${token}, sines and cosines, is added: its length is √(${model.d}/2) = ${format(Math.sqrt(model.d / 2))} at every position.`)];
    if (name === "final norm") return [h("p", {}, "Mean 0 and variance 1, then scaled and shifted feature by feature. What comes out leaves the stack: ", end, ".")];
    return this.#logits(stream, this.lens[k]);
  }

  #heads(word, name, weights) {
    const { sentence, place } = this.settings;
    const keys = name.endsWith("source") ? this.sources[sentence] : this.words;
    const colours = colourTable("weights", this.hasAttribute("dark"));
    const chip = (key, weight) => {
      const colour = colours[Math.round(255 * weight)];
      return h("span", { class: "chip", style: `background: rgb(${colour}); color: ${inkOn(colour)}` }, key, h("small", {}, format(weight)));
    };
    const rows = weights.flatMap((row, head) => [h("span", { class: "name" }, `head ${head + 1}`), h("div", { class: "chips" }, ...Array.from(row, (weight, j) => chip(keys[j], weight)))]);
    const where = name.endsWith("source") ? "in the source" : place === "decoder" ? "of what has been written" : "in the sentence";
    return [h("p", {}, "Whom ", word, ` reads ${where}:`), h("div", { class: "reads" }, ...rows)];
  }

  #units(word, units) {
    const firing = units.filter((x) => x > 0).length;
    const best = largest(units, MOST).filter((unit) => units[unit] > 0);
    const strip = h("canvas", { class: "strip units", "aria-hidden": "true" });
    const colours = colourTable("weights", this.hasAttribute("dark"));
    const most = Math.max(...units, 1e-9);
    paint(strip, [[units, 20]], (x) => colours[Math.round(255 * (x / most))], this);
    const strongest = best.map((unit) => `${unit} (${format(units[unit])})`).join(", ");
    return [h("p", {}, "For ", word, `, ${firing} of ${units.length} units fire: after the ReLU they are not 0.`), strip, ...(best.length ? [h("p", { class: "note" }, `The strongest: ${strongest}`)] : [])];
  }

  #logits(logits, p) {
    const { target } = this.model;
    const rows = largest(logits, MOST).map((id) => h("tr", {}, h("th", { scope: "row" }, label(target[id])), h("td", {}, format(logits[id])), h("td", {}, format(p[id], 3)),
      h("td", {}, h("div", { class: "bar", style: `width: ${(90 * p[id]).toFixed(2)}%` }))));
    return [h("p", {}, `A dot product with each of ${logits.length} word vectors; softmax makes probabilities of them. The largest:`),
      h("table", { class: "logits" }, h("thead", {}, h("tr", {}, ...["next word", "logit", "probability"].map((name) => h("th", { scope: "col" }, name)), h("td"))), h("tbody", {}, ...rows))];
  }
}

const dot = (X, Y) => X.reduce((sum, x, c) => sum + x * Y[c], 0);
const length = (X) => Math.sqrt(dot(X, X));
const cosine = ({ before, added }) => dot(before, added) / length(before) / length(added);

// Rows of numbers as rows of coloured cells, [numbers, height in px] each; numbers may lack.
function paint(canvas, rows, colourOf) {
  const size = rows[0][0].length;
  const height = rows.reduce((sum, [, high]) => sum + high, 0);
  Object.assign(canvas, { width: size, height });
  const pen = canvas.getContext("2d");
  let top = 0;
  for (const [numbers, high] of rows) {
    numbers?.forEach((x, c) => {
      pen.fillStyle = `rgb(${colourOf(x)})`;
      pen.fillRect(c, top ? top + 2 : top, 1, top ? high - 2 : high);
    });
    top += high;
  }
}
