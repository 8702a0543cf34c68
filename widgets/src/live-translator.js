// <live-translator>: a trained Transformer runs in the page; the reader moves a row of its attention by hand.
import { AttentionMap } from "./attention-map.js";
import { inkOn } from "./colours.js";
import { format, h, WidgetElement } from "./element.js";
import { buildMask } from "./maths.js";
import { readSafetensors } from "./safetensors.js";
import { Transformer } from "./transformer.js";
import { allOn, differences, moved, news, pieces } from "./translator-maths.js";

// Weights that the page brings in files of their own, weights/NAME.js beside this script.
const script = globalThis.document?.currentScript?.src;
const files = new Map(); // name: base64
const asked = new Map(); // name: promise

/** What such a file calls. */
export function weights(name, base64) {
  files.set(name, base64);
}

function fetchWeights({ model, digest }) {
  if (!asked.has(model)) asked.set(model, new Promise((resolve, reject) => {
    const settle = () => (files.has(model) ? resolve(files.get(model)) : reject(new Error(`no weights named ${model} came`)));
    if (files.has(model)) return settle();
    const { href } = new URL(`weights/${model}.js?v=${digest}`, script);
    document.head.append(h("script", { src: href, onload: settle, onerror: settle }));
  }));
  return asked.get(model);
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
  return bytes;
}

const NAMES = { encoder: "encoder", decoder: "decoder", cross: "decoder to source" };

const STYLE = `
:host { --hand: #8250df; }
:host([dark]) { --hand: #d2a8ff; }
.widget { container-type: inline-size; }
.control, select { max-width: 100%; }
.controls button, .reads button { margin-left: auto; }
.segments .options { gap: 0; border: 1px solid var(--line); border-radius: 6px; background: var(--well); overflow: hidden; }
.segments label { padding: 0 0.8rem; min-height: 1.9rem; }
.segments label:has(:checked) { background: var(--mark); color: var(--surface); font-weight: 600; }
.segments input, .thumbs input { position: absolute; opacity: 0; }
.segments label:has(:focus-visible), .thumbs label:has(:focus-visible) { outline: 2px solid var(--text); outline-offset: -4px; }
.both { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.9rem; align-items: baseline; margin: 0; padding: 0.5rem 0.8rem; background: var(--well); border-radius: 6px; }
.both dt { color: var(--muted); font-size: 0.8125rem; }
.both dd { margin: 0; font-size: 1.0625rem; line-height: 1.75; }
.both .said { font-size: 1.25rem; min-height: 3.5em; } /* a second line may come and go: nothing below moves */
.word { border-radius: 4px; padding: 0.1em; margin: 0 -0.1em; }
.row { box-shadow: 0 0 0 2px var(--query); }
[data-row] { cursor: pointer; }
del { color: var(--muted); }
ins { text-decoration: none; font-weight: 700; color: var(--hand); border-bottom: 2px solid; }
.live { margin: 0.35rem 0 0.7rem; font-weight: 600; }
.where { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin-bottom: 0.7rem; }
.where .options { flex-direction: column; }
.thumbs { display: grid; gap: 0.3rem; align-items: center; color: var(--muted); font-size: 0.75rem; }
.thumbs label { text-align: center; padding: 0.2rem; border-radius: 6px; border: 2px solid transparent; cursor: pointer; }
.thumbs label:has(:checked) { border-color: var(--mark); color: var(--text); font-weight: 600; }
.thumbs canvas { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; border: 1px solid var(--line); }
.thumbs .hand canvas { border: 2px solid var(--hand); }
.work { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; }
.work > * { flex: 1 1 20rem; min-width: 0; }
.work > .editor { flex-basis: 16rem; --ink: var(--mark); }
.work > .hand { --ink: var(--hand); }
.reads { display: flex; gap: 0.5rem; align-items: center; margin: 0; font-weight: 600; }
.reads select { color: var(--query); font-weight: 600; max-width: 10rem; }
.bars { display: grid; grid-template-columns: minmax(4.5rem, auto) minmax(0, 1fr) 2.1rem; gap: 1px 0.4rem; align-items: center; margin-top: 0.35rem; font-variant-numeric: tabular-nums; text-align: right; }
.key { border-color: transparent; background: none; color: var(--key); text-align: right; min-height: 1.65rem; max-width: 8rem; overflow: hidden; text-overflow: ellipsis; }
.slide { position: relative; height: 1.65rem; }
.slide::before, .bar { content: ""; position: absolute; left: 12px; top: calc(50% - 6px); height: 12px; width: calc(var(--part, 1) * (100% - 24px)); border-radius: 3px; background: var(--well); box-shadow: inset 0 0 0 1px var(--line); }
.bar { --part: var(--weight); background: var(--ink); }
.slide input { position: absolute; inset: 0; width: 100%; height: 100%; appearance: none; background: none; cursor: ew-resize; }
.slide input::-webkit-slider-thumb { appearance: none; box-sizing: border-box; width: 24px; height: 24px; border: 0 solid transparent; border-width: 3px 9px; border-radius: 12px / 6px; background: var(--ink) padding-box; }
.slide input::-moz-range-thumb { appearance: none; box-sizing: border-box; width: 24px; height: 24px; border: 0 solid transparent; border-width: 3px 9px; border-radius: 12px / 6px; background: var(--ink) padding-box; }
@container (max-width: 36rem) {
  .both { grid-template-columns: minmax(0, 1fr); }
  .both .said { font-size: 1.125rem; min-height: 5.25em; }
  .live { min-height: 2.9em; }
}
@container (min-width: 52rem) { .both .said { min-height: 0; } }
`;

/** The attention map with weights that are given, not computed, and marks on the rows that were moved by hand. */
export class TranslatorMap extends AttentionMap {
  static STYLE = `${AttentionMap.STYLE}
    :host { margin: 0; } .widget { border: 0; padding: 0; } .controls, .side { display: none; } .live { margin: 0; color: var(--muted); }`;

  /** Other words. */
  name(queries, keys, causal) {
    const settings = { mask: causal ? "causal" : "none", scale: "1", temperature: 1, window: 1, method: "-inf", layer: 0, head: 0, query: 0, show: "weights" };
    const scores = { shape: [1, 1, queries.length, keys.length], digits: 0, data: [] };
    this.widest = this.small = null; // what the map keeps of its size
    this.load({ settings, scores, tokens: queries, key_tokens: queries === keys ? null : keys, controls: [] });
  }

  /** Other weights (n, m), another row in focus, other rows by hand. */
  show(given, query, hands) {
    if (query !== this.settings.query) this.chosen = null;
    Object.assign(this, { given, hands });
    this.settings.query = query;
    this.draw();
  }

  compute() {
    this.mask = buildMask(this.settings.mask, this.n, this.m);
    this.scores = this.weights = this.given;
  }

  draw() {
    super.draw();
    const pen = this.canvas.getContext("2d");
    const { left, top, cell } = this.layout;
    pen.fillStyle = this.colour("hand");
    for (const i of this.hands) pen.fillRect(left - 4, top + i * cell + 1, 4, Math.max(cell - 2, 1));
  }
}

export class LiveTranslator extends WidgetElement {
  static STYLE = STYLE;
  #plain = new Map(); // sentence: {words, maps} of the model as it is
  #ran = {}; // the last run, with rows moved by hand
  #grip = {}; // the row as it was when the reader took hold of a bar
  #named = "";

  load(spec) {
    const start = (base64) => {
      this.model = new Transformer(readSafetensors(bytesOf(base64)));
      this.sentences = spec.sentences.map((sentence) => sentence.split(" "));
      this.#plain.clear();
      this.#named = "";
      super.load(spec);
    };
    if (spec.weights) return start(spec.weights);
    const status = h("p", { role: "status" }, `Loading the model, ${Math.round(spec.bytes / 1000)} KB …`);
    this.shadowRoot.replaceChildren(status, h("slot"));
    fetchWeights(spec).then(start).catch(({ message }) => {
      status.textContent = `The model does not run here (${message}). What it says, as a table:`;
    });
  }

  // Numbers.

  /** The rows moved by hand in the sentence shown. */
  get hands() {
    const { sentence, change } = this.settings;
    return change.filter((row) => row.sentence === sentence);
  }

  /** What the model as it is makes of the sentence shown: {words, maps}. */
  get plain() {
    const { sentence } = this.settings;
    if (!this.#plain.has(sentence)) this.#plain.set(sentence, this.model.translate(this.spec.sentences[sentence]));
    return this.#plain.get(sentence);
  }

  /** What it makes of it with the rows moved by hand. */
  get now() {
    const { sentence, change } = this.settings;
    const { hands } = this;
    if (!hands.length) return this.plain;
    if (this.#ran.change !== change || this.#ran.sentence !== sentence) {
      const forced = new Map(hands.map((row) => [[row.place, row.layer, row.head, row.query].join(), row.weights]));
      const run = this.model.translate(this.spec.sentences[sentence], { forced: (...at) => forced.get(at.join()) });
      this.#ran = { ...run, change, sentence };
    }
    return this.#ran;
  }

  get translation() { return this.now.words.join(" "); }

  /** The place, layer, head and row shown: what the settings say, as far as there is so much. */
  get shown() {
    const { place, layer, head, query } = this.settings;
    return { place, layer: Math.min(layer, this.model.depth[place] - 1), head, query: Math.min(query, this.#words().queries.length - 1) };
  }

  /** The map shown, (n, m). */
  get weights() {
    const { place, layer, head } = this.shown;
    const { queries, keys } = this.#words();
    const size = queries.length * keys.length;
    return this.now.maps[place][layer].subarray(head * size, (head + 1) * size);
  }

  // The words of the rows and columns of the place shown.
  #words() {
    const { place, sentence } = this.settings;
    const source = this.sentences[sentence];
    const { words } = this.now;
    if (place === "encoder") return { queries: source, keys: source };
    if (place === "cross") return { queries: [...words, "<eos>"], keys: source };
    const read = ["<bos>", ...words];
    return { queries: read, keys: read };
  }

  // The row in focus: its weights (as many as it may read), whether it was moved by hand.
  #row() {
    const { place, layer, head, query } = this.shown;
    const { keys } = this.#words();
    const reach = place === "decoder" ? query + 1 : keys.length;
    const at = query * keys.length;
    const hand = this.hands.find((row) => row.place === place && row.layer === layer && row.head === head && row.query === query);
    return { weights: this.weights.subarray(at, at + reach), hand };
  }

  // What the reader does.

  #move(weights) {
    const { sentence, change } = this.settings;
    const { hand } = this.#row();
    const others = change.filter((row) => row !== hand);
    this.set("change", weights ? [...others, { sentence, ...this.shown, weights }] : others);
  }

  #drag(j, weight) {
    const key = [this.settings.sentence, ...Object.values(this.shown), j].join();
    if (this.#grip.key !== key) this.#grip = { key, weights: Array.from(this.#row().weights) };
    this.#move(moved(this.#grip.weights, j, weight));
  }

  #giveAll(j) {
    this.#grip = {};
    this.#move(allOn(j, this.#row().weights.length));
  }

  reset() {
    this.#grip = {};
    super.reset();
  }

  // DOM, built once but for the words.

  build() {
    const { spec, model } = this;
    const { sentences } = spec;
    const has = (name) => spec.controls.includes(name);
    const short = sentences.length <= 3 && differences(sentences);
    const options = sentences.map((sentence, k) => [String(k), short ? short[k] : sentence]);
    this.sentence = this[short ? "radios" : "select"]("Sentence", options, (k) => this.set("sentence", Number(k)));
    this.sentence.node.classList.toggle("segments", Boolean(short));
    this.sentence.node.hidden = sentences.length === 1 || !has("sentence");
    this.place = this.radios("Attention", Object.entries(NAMES), (place) => this.set("place", place));
    this.place.node.hidden = !has("place");

    this.source = h("dd", { onclick: (e) => this.#pick(e) });
    this.target = h("dd", { class: "said", onclick: (e) => this.#pick(e) });
    this.live = h("p", { class: "live", "aria-live": "polite" });
    const layers = Array.from({ length: Math.max(...Object.values(model.depth)) }, (_, layer) => layer);
    this.thumbs = layers.flatMap((layer) => Array.from({ length: model.h }, (_, head) => this.#thumb(layer, head)));
    this.layers = layers.map((layer) => h("span", {}, `layer ${layer + 1}`)); // the names of rows, where there are heads
    const many = model.h > 1;
    const columns = `${many ? "max-content" : ""} repeat(${many ? model.h : layers.length}, minmax(0, 4.75rem))`;
    const maps = h("fieldset", { class: "control" }, h("legend", {}, many ? "Layer and head" : "Layer"),
      h("div", { class: "thumbs", style: `grid-template-columns: ${columns}` },
        ...this.thumbs.flatMap(({ node, layer, head }) => (many && head === 0 ? [this.layers[layer], node] : [node]))));
    maps.hidden = !has("map") || this.thumbs.length === 1;

    this.map = h("translator-map");
    this.map.addEventListener("setting", ({ detail: { name, value } }) => name === "query" && this.set("query", value));
    this.query = h("select", { "aria-label": "The word that reads", disabled: !has("query"), onchange: () => this.set("query", Number(this.query.value)) });
    this.undo = h("button", { type: "button", title: "this row as the model has it", onclick: () => this.#move(null) }, "Undo");
    this.bars = h("div", { class: "bars", role: "group", "aria-label": "What it reads" });
    this.rows = [];
    this.editor = h("div", { class: "editor" }, h("p", { class: "reads" }, this.query, "reads", this.undo), this.bars,
      h("p", { class: "note" }, "Drag a bar, or press a word to let it have all."));
    return h("div", { class: "widget", role: "group", "aria-label": spec.caption || "A Transformer translates" },
      spec.caption ? h("p", { class: "caption" }, spec.caption) : "",
      h("div", { class: "controls" }, this.sentence.node, this.resetButton()),
      h("dl", { class: "both" }, h("dt", {}, "sentence"), this.source, h("dt", {}, "translation"), this.target), this.live,
      h("div", { class: "where" }, this.place.node, maps), h("div", { class: "work" }, this.editor, this.map));
  }

  #thumb(layer, head) {
    const choose = () => { this.set("layer", layer); this.set("head", head); };
    const input = h("input", { type: "radio", name: "map", onchange: choose });
    const canvas = h("canvas", { "aria-hidden": "true" });
    return { layer, head, input, canvas, node: h("label", {}, input, canvas, this.model.h > 1 ? `head ${head + 1}` : `layer ${layer + 1}`) };
  }

  #bar(j) {
    const key = h("button", { type: "button", class: "key", onclick: () => this.#giveAll(j) });
    const input = h("input", { type: "range", min: 0, max: 1, step: 0.01, oninput: () => this.#drag(j, Number(input.value)) });
    const slide = h("div", { class: "slide" }, h("div", { class: "bar" }), input);
    const number = h("span", { class: "number" });
    this.bars.append(key, slide, number);
    return { key, input, slide, number };
  }

  // A word above the map picks its row.
  #pick({ target }) {
    if (target.dataset.row) this.set("query", Number(target.dataset.row));
  }

  // Drawing.

  draw() {
    if (!this.clientWidth) return; // out of sight
    const { place, layer, head, query } = this.shown;
    const { queries, keys } = this.#words();
    const row = this.#row();
    this.sentence.show(String(this.settings.sentence));
    this.place.show(place);
    const named = JSON.stringify([place, queries, keys]);
    if (named !== this.#named) {
      this.#named = named;
      this.map.name(queries, keys, place === "decoder");
      this.query.replaceChildren(...queries.map((word, i) => h("option", { value: i }, `${word} (${i + 1})`)));
    }
    const inMap = this.hands.filter((hand) => hand.place === place && hand.layer === layer && hand.head === head);
    this.map.show(this.weights, query, inMap.map((hand) => hand.query));
    this.#showSentences(place, query, row.weights);
    this.#showThumbs(place, layer, head, queries.length, keys.length);
    this.#showRow(queries[query], keys, query, row);
    const largest = row.weights.indexOf(Math.max(...row.weights));
    const most = row.weights[largest] > 0.995 ? "alone" : `most, ${format(row.weights[largest])}`;
    let told = `${this.#where({ place, layer, head })}: ${queries[query]} ${row.hand ? "now " : ""}reads ${keys[largest]} ${most}`;
    if (this.hands.length) told += `${row.hand ? ": " : ". By hand elsewhere: "}${news(this.plain.words, this.now.words)}`;
    if (this.live.textContent !== told) this.live.textContent = told;
  }

  #where({ place, layer, head }) {
    return `${NAMES[place]}, layer ${layer + 1}${this.model.h > 1 ? `, head ${head + 1}` : ""}`;
  }

  #showSentences(place, query, weights) {
    const isRow = { encoder: this.source, decoder: this.target, cross: this.target }[place];
    const read = place === "decoder" ? this.target : this.source;
    const shift = place === "decoder" ? 1 : 0; // <bos> comes before the words
    const word = (line, text, i, tag = "span") => {
      const node = h(tag, { class: "word" }, text);
      const weight = line === read ? weights[i + shift] ?? 0 : 0;
      if (line === isRow) node.dataset.row = i + shift;
      if (line === isRow && i + shift === query) node.classList.add("row");
      if (weight >= 0.05) {
        const colour = this.map.tables.rgb[Math.round(255 * weight)];
        Object.assign(node.style, { background: `rgb(${colour})`, color: inkOn(colour) });
      }
      return [node, text.endsWith("'") ? "" : " "]; // l'animal
    };
    this.source.replaceChildren(...this.sentences[this.settings.sentence].flatMap((text, i) => word(this.source, text, i)));
    let i = 0;
    const parts = pieces(this.plain.words, this.now.words).flatMap(({ same, old, now }) => [
      ...(same || !old.length ? [] : [h("del", {}, old.join(" ")), " "]),
      ...now.flatMap((text) => word(this.target, text, i++, same ? "span" : "ins")),
    ]);
    this.target.replaceChildren(...parts);
  }

  #showThumbs(place, layer, head, n, m) {
    this.layers.forEach((name, k) => { name.hidden = k >= this.model.depth[place]; });
    for (const thumb of this.thumbs) {
      thumb.node.hidden = thumb.layer >= this.model.depth[place];
      if (thumb.node.hidden) continue;
      thumb.input.checked = thumb.layer === layer && thumb.head === head;
      const hand = this.hands.some((row) => row.place === place && row.layer === thumb.layer && row.head === thumb.head);
      thumb.node.classList.toggle("hand", hand);
      thumb.input.setAttribute("aria-label", `${this.#where({ place, ...thumb })}${hand ? ", with rows moved by hand" : ""}`);
      const { canvas } = thumb;
      Object.assign(canvas, { width: m, height: n });
      const pen = canvas.getContext("2d");
      const image = pen.createImageData(m, n);
      const pixels = new Uint32Array(image.data.buffer);
      const map = this.now.maps[place][thumb.layer].subarray(thumb.head * n * m, (thumb.head + 1) * n * m);
      map.forEach((weight, k) => { pixels[k] = this.map.tables.packed[Math.round(255 * weight)]; });
      pen.putImageData(image, 0, 0);
    }
  }

  #showRow(word, keys, query, { weights, hand }) {
    while (this.rows.length < weights.length) this.rows.push(this.#bar(this.rows.length));
    if (this.query.value !== String(query)) this.query.value = query;
    this.editor.classList.toggle("hand", Boolean(hand));
    this.undo.style.visibility = hand ? "" : "hidden";
    this.rows.forEach(({ key, input, slide, number }, j) => {
      for (const node of [key, slide, number]) node.hidden = j >= weights.length;
      if (j >= weights.length) return;
      const text = format(weights[j]);
      key.textContent = keys[j];
      key.title = `all to ${keys[j]}`;
      key.setAttribute("aria-label", `all to ${keys[j]}, word ${j + 1}`);
      input.setAttribute("aria-label", `Weight of ${keys[j]}, word ${j + 1}, for ${word}`);
      input.setAttribute("aria-valuetext", text);
      if (Math.abs(Number(input.value) - weights[j]) > 0.005) input.value = weights[j];
      slide.style.setProperty("--weight", weights[j].toFixed(4));
      number.textContent = text;
    });
  }
}
