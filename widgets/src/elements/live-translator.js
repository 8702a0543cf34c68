// <live-translator>: a trained Transformer runs in the page; the reader gives it sentences, looks and moves its attention.
import { AttentionMap } from "./attention-map.js";
import { drawTree, TREE_STYLE, treeHeight } from "./beam-tree.js";
import { inkOn } from "../frame/colours.js";
import { begin, beamSearch, greedy, LONGEST, sample, tempered, truncate } from "../maths/decoding.js";
import { format, h, WidgetElement } from "../frame/element.js";
import { index, integer, number, oneOf } from "../maths/link.js";
import { buildMask } from "../maths/attention.js";
import { modelOf, wake } from "../frame/model.js";
import { LETTERS, MOST, SentenceField } from "./sentence-field.js";
import { split, written } from "../maths/sentences.js";
import { allOn, differences, moved, news, pieces, rowsKind } from "../maths/translator.js";

const NAMES = { encoder: "encoder", decoder: "decoder", cross: "decoder to source" };
const LIKELIEST = 8; // words of a distribution that are named
const OWN = "own"; // the choice of no given sentence
const PACE = 120; // ms from word to word
const ALL = 21; // the position of the top-k slider that cuts nothing off
const METHODS = [["greedy", "greedy"], ["beam", "beam"], ["sample", "sample"]];

/** The language of a tag such as "<2en>", in English. */
function language(tag) {
  const code = tag.slice(2, -1);
  try { return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code; } catch { return code; }
}

const STYLE = `
:host { --hand: #8250df; }
:host([dark]) { --hand: #d2a8ff; }
.widget { container-type: inline-size; }
.control, select { max-width: 100%; }
.own, .reads button { margin-left: auto; }
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
.controls > label.control { flex: 1 1 12rem; }
.controls > label.control select { width: 100%; }
.field { margin-bottom: 0.5rem; }
.tag { color: var(--muted); font-size: 0.8125rem; }
.at { text-decoration: underline 2px var(--mark); text-underline-offset: 0.25em; }
.end { color: var(--muted); font-size: 0.8125rem; cursor: pointer; }
.later { visibility: hidden; }
[data-step] { cursor: pointer; }
.verdict { margin: 0.35rem 0 0.7rem; min-height: 1.45em; color: var(--muted); }
.decoding { display: flex; flex-wrap: wrap; gap: 0.4rem 1.5rem; align-items: end; margin-bottom: 0.7rem; }
.decoding button { align-self: center; }
.tree { margin-bottom: 0.9rem; }
.looks { display: flex; flex-wrap: wrap; gap: 0.7rem 1.5rem; margin-bottom: 0.9rem; }
.looks > * { flex: 1 1 19rem; min-width: 0; max-width: 100%; }
.player { display: flex; gap: 0.7rem; align-items: end; }
.player .control { flex: 1; }
.player input[type="range"] { width: 100%; }
.player button { min-width: 5.2rem; }
.head { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.next { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr) 3.8rem; gap: 0.15rem 0.5rem; align-items: center; margin: 0.4rem 0 0; font-variant-numeric: tabular-nums; min-height: 15rem; align-content: start; }
.next dt { text-align: right; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.next dd { margin: 0; min-height: 1.45rem; text-align: right; }
.next .share { display: flex; align-items: center; }
.next .share::before { content: ""; height: 0.85rem; border-radius: 2px; width: calc(var(--share) * 100%); background: var(--line); min-width: 1px; }
.next .chosen { font-weight: 700; }
.next .chosen.share::before { background: var(--mark); }
.next .cut { color: var(--muted); text-decoration: line-through; font-weight: 400; }
.next .cut.share::before { background: none; border: 1px solid var(--line); }
.next .rest { color: var(--muted); font-style: italic; }
.found { margin: 0 0 0.7rem; }
.found label { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0.5rem; align-items: baseline; padding: 0.15rem 0.3rem; border-radius: 4px; min-height: 1.75rem; cursor: pointer; }
.found label:has(:checked) { background: var(--well); font-weight: 600; }
.found .log { color: var(--muted); font-variant-numeric: tabular-nums; white-space: nowrap; font-weight: 400; }
.found .options { display: block; }
${TREE_STYLE}
@media print {
  .field :is(.advice, .lexicon), .player button, .reads button, .decoding button, :host([waiting]) :is(.where, .work, .verdict, .live) { display: none; }
}
@container (max-width: 36rem) {
  .both { grid-template-columns: minmax(0, 1fr); }
  .both .said { font-size: 1.125rem; min-height: 5.25em; }
  .live, .verdict { min-height: 2.9em; }
}
@container (min-width: 52rem) { .both .said { min-height: 0; } }
`;

/** A probability for people. */
function chance(log) {
  const p = Math.exp(log);
  return p >= 0.005 ? format(p) : p >= 0.0005 ? format(p, 3) : p > 0 ? "<0.001" : "0";
}

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
  static STYLE = STYLE + SentenceField.STYLE;
  #runs = new Map(); // what the model made of a sentence, by all that it depends on
  #grip = {}; // the row as it was when the reader took hold of a bar
  #named = "";
  #treeOf = null; // the run whose tree is drawn
  #playing = 0; // the timer of the next word
  #visible = Infinity; // so many words of the translation are to be seen

  load(spec) {
    super.load(spec); // it stands at once, with the translations that Python wrote into the page
    this.came = modelOf(spec).then((model) => {
      this.model = model;
      this.field.teach(this.#lexicon());
      this.schedule();
    }).catch(({ message }) => {
      const status = h("p", { role: "status" }, `The model does not run here (${message}). What it says, as a table:`);
      this.shadowRoot.adoptedStyleSheets = [];
      this.shadowRoot.replaceChildren(status, h("slot"));
      this.draw = () => {};
    });
  }

  ready() {
    wake();
    return this.came;
  }

  print(paper) {
    super.print(paper, Boolean(this.model)); // without it: the static table
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#stop();
  }

  get kinds() {
    const { spec, model } = this;
    const words = model?.source.slice(4) ?? [];
    const known = words.filter((word) => !spec.tags.includes(word));
    const text = {
      write: String,
      read: (typed) => {
        const said = split(typed.slice(0, LETTERS), new Set(known));
        return said.length <= MOST && said.every((word) => known.includes(word)) ? said.join(" ") : undefined;
      },
    };
    return {
      sentence: index(spec.sentences.length), text, direction: oneOf(spec.tags), place: oneOf(Object.keys(NAMES)),
      layer: index(Math.max(...spec.depth)), head: index(spec.heads), query: index(LONGEST + 1), interventions: rowsKind(spec, words), method: oneOf(METHODS.map(([name]) => name)),
      width: integer(1, 6), hypothesis: index(6), temperature: number(0, 2), top_k: integer(0, 1e6), top_p: number(1e-9, 1), seed: integer(0, 2 ** 32 - 1), step: index(LONGEST + 1),
    };
  }

  take(values) {
    super.take(values);
    this.field.show(this.#text, this.settings.direction, true);
  }

  // The sentence.

  /** What a row moved by hand calls the sentence shown: its number if it is a given one, else its words. */
  get shownSentence() {
    const { sentence, text, direction } = this.settings;
    const { sentences, said, tags } = this.spec;
    if (!text && (!tags.length || sentences[sentence].startsWith(`${direction} `) || !said[sentence])) return sentence;
    return `${direction} ${text || said[sentence]}`.trim();
  }

  /** The words of the sentence shown, with its tag. */
  get sourceWords() {
    const shown = this.shownSentence;
    return (typeof shown === "number" ? this.spec.sentences[shown] : shown).split(" ");
  }

  /** A given sentence without its tag, in the direction of now. */
  #given(k) {
    const { sentences, said, tags } = this.spec;
    if (!tags.length) return sentences[k];
    const [tag, ...words] = sentences[k].split(" ");
    return tag === this.settings.direction || !said[k] ? words.join(" ") : said[k];
  }

  /** The words that a sentence may have in each direction, or in the only one: {tag: words}. */
  #lexicon() {
    const words = this.model.source.slice(4);
    const { tags, spoken } = this.spec;
    if (!tags.length) return { "": words };
    return Object.fromEntries(tags.map((tag, i) => [tag, words.filter((_, k) => (spoken[k] >> i) & 1)]));
  }

  // Numbers.

  /** The rows moved by hand in the sentence shown. */
  get hands() {
    const shown = this.shownSentence;
    return this.settings.interventions.filter((row) => row.sentence === shown);
  }

  /** What the model as it is makes of the sentence shown; see #run. */
  get plain() { return this.#run([]); }

  /** What it makes of it with the rows moved by hand. */
  get now() { return this.#run(this.hands); }

  /**
   * A run: {words, path: the beginnings of the translation, end: the last of them, beam: what beamSearch gives, maps}.
   * maps.encoder and maps.cross have a layer each of weights (h, n, m), maps.decoder (h, n, n).
   */
  #run(hands) {
    const words = this.sourceWords;
    if (!this.model) return this.#still(words);
    const { method, width, hypothesis, temperature, top_k: topK, top_p: topP, seed } = this.settings;
    const more = { greedy: [], beam: [width], sample: [temperature, topK, topP, seed] }[method];
    const key = JSON.stringify([words, method, more, hands]);
    if (!this.#runs.has(key)) {
      if (this.#runs.size > 30) this.#runs.clear();
      const { model } = this;
      const rows = new Map(hands.map((row) => [[row.place, row.layer, row.head, row.query].join(), row.weights]));
      const { root, maps } = begin(model, model.read(words.join(" ")), (...at) => rows.get(at.join()));
      const beam = method === "beam" && beamSearch(root, width);
      const ends = beam ? beam.found : [method === "sample" ? sample(root, { temperature, topK, topP, seed }) : greedy(root)];
      this.#runs.set(key, ends.map((end) => {
        const path = end.path.filter(({ ended }) => !ended);
        let all = null; // made when they are asked for
        return {
          words: end.ids.map((id) => model.target[id]), path, end, beam, root,
          get maps() { return all ??= { encoder: maps, ...model.collect(path.map(({ step }) => step)) }; },
        };
      }));
    }
    const found = this.#runs.get(key);
    return found[method === "beam" ? Math.min(hypothesis, found.length - 1) : 0];
  }

  // As long as the model is not there: the translation that Python wrote into the page, and maps of nothing.
  #still(source) {
    const { said, sentences, first, depth: [encoder, decoder], heads } = this.spec;
    const { sentence, text } = this.settings;
    const given = typeof this.shownSentence === "number" ? said[sentence] : text ? "" : this.#ownWords(sentences[sentence]);
    const words = (first.source === source.join(" ") ? first.said : given).split(" ").filter(Boolean);
    const [n, m] = [words.length + 1, source.length];
    const empty = (count, size) => Array.from({ length: count }, () => new Float64Array(heads * size));
    return { words, path: [], end: null, maps: { encoder: empty(encoder, m * m), decoder: empty(decoder, n * n), cross: empty(decoder, n * m) } };
  }

  #ownWords(sentence) {
    return this.spec.tags.length ? sentence.split(" ").slice(1).join(" ") : sentence;
  }

  /** The step shown: what the settings say, as far as there are so many. */
  get step() { return Math.min(this.settings.step, this.now.words.length, LONGEST - 1); }

  /** At the step shown: {probabilities: of all words, kept: the same after the cut, chosen: an id}. */
  get distribution() {
    const { path, end } = this.now;
    const at = path[this.step];
    if (!at) return null;
    const { method, temperature, top_k: topK, top_p: topP } = this.settings;
    const probabilities = tempered(at.logs, method === "sample" ? temperature : 1);
    const kept = method === "sample" ? truncate(probabilities, topK, topP) : probabilities;
    return { probabilities, kept, chosen: (path[this.step + 1] ?? end).id };
  }

  get translation() { return this.now.words.join(" "); }

  /** The place, layer, head and row shown: what the settings say, as far as there is so much. */
  get shown() {
    const { place, layer, head, query } = this.settings;
    return { place, layer: Math.min(layer, this.#depth[place] - 1), head, query: Math.min(query, this.#words().queries.length - 1) };
  }

  /** The map shown, (n, m). */
  get weights() {
    const { place, layer, head } = this.shown;
    const { queries, keys } = this.#words();
    const size = queries.length * keys.length;
    return this.now.maps[place][layer].subarray(head * size, (head + 1) * size);
  }

  get #depth() {
    const [encoder, decoder] = this.spec.depth;
    return { encoder, decoder, cross: decoder };
  }

  // The words of the rows and columns of the place shown.
  #words() {
    const { place } = this.settings;
    const source = this.sourceWords;
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
    if (!this.model) return;
    const { hand } = this.#row();
    const others = this.settings.interventions.filter((row) => row !== hand);
    this.set("interventions", weights ? [...others, { sentence: this.shownSentence, ...this.shown, weights }] : others);
  }

  #drag(j, weight) {
    const key = [this.shownSentence, ...Object.values(this.shown), j].join();
    if (this.#grip.key !== key) this.#grip = { key, weights: Array.from(this.#row().weights) };
    this.#move(moved(this.#grip.weights, j, weight));
  }

  #giveAll(j) {
    this.#grip = {};
    this.#move(allOn(j, this.#row().weights.length));
  }

  reset() {
    this.#grip = {};
    this.#stop();
    super.reset();
    this.field.show(this.#text, this.settings.direction, true);
  }

  get #text() { return written(this.#ownWords(this.sourceWords.join(" ")).split(" ")); }

  // Another sentence by the reader's hand: the best hypothesis, from the first word on.
  #present(settings) {
    this.#grip = {};
    for (const [name, value] of Object.entries({ hypothesis: 0, ...settings })) this.set(name, value);
    this.#play();
  }

  #pickSentence(k) {
    if (k !== OWN) this.#present({ sentence: Number(k), text: "" });
    this.field.show(this.#text, this.settings.direction, true);
  }

  // What the reader typed, in the model's words.
  #type(words) {
    const text = words.join(" ");
    const { sentence } = this.settings;
    if (text !== this.#ownWords(this.sourceWords.join(" "))) this.#present({ text: text === this.#given(sentence) ? "" : text });
  }

  // As translators on the web do it: the translation becomes the sentence.
  #turn(direction) {
    const { sentence, text } = this.settings;
    const { words } = this.now;
    const own = this.#ownWords(this.sourceWords.join(" "));
    this.set("direction", direction);
    const asGiven = !text && (words.join(" ") === this.#given(sentence) || !words.length);
    this.#present({ text: asGiven ? "" : words.join(" ") || own });
    this.field.show(this.#text, direction, true);
  }

  // Word by word.

  #play(from = 0) {
    this.#stop();
    const { words } = this.now;
    if (!this.has("step") || !this.model) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches || !words.length) return this.set("step", words.length);
    const next = (k) => {
      const last = k >= words.length;
      this.#visible = last ? Infinity : k + 1;
      this.#playing = last ? 0 : setTimeout(() => next(k + 1), PACE);
      this.set("step", k);
      this.schedule();
    };
    next(from);
  }

  #stop() {
    clearTimeout(this.#playing);
    this.#playing = 0;
    this.#visible = Infinity;
    this.schedule();
  }

  // DOM, built once but for the words.

  has(name) { return this.spec.controls.includes(name); }

  build() {
    const { spec } = this;
    const { sentences, heads, tags } = spec;
    const has = (name) => this.has(name);
    const short = sentences.length <= 3 && !tags.length && differences(sentences);
    const pick = (k) => this.#pickSentence(k);
    this.sentence = short ? this.radios("Sentence", sentences.map((_, k) => [String(k), short[k]]), pick) : this.select("Sentence", [], pick);
    this.sentence.node.classList.toggle("segments", Boolean(short));
    this.sentence.node.hidden = sentences.length === 1 || !has("sentence");
    this.#named = "";
    this.direction = this.radios("Direction", tags.map((tag) => [tag, this.#way(tag)]), (tag) => this.#turn(tag));
    this.direction.node.classList.add("segments");
    this.direction.node.hidden = tags.length < 2 || !has("direction");
    this.field = new SentenceField({
      onsentence: (words) => this.#type(words), onturn: (tag) => this.set("direction", tag), language: (tag) => this.#source(tag),
    });
    this.field.node.hidden = !has("text");
    this.field.show(this.#text, this.settings.direction, true);

    this.place = this.radios("Attention", Object.entries(NAMES), (place) => this.set("place", place));
    this.place.node.hidden = !has("place");

    this.source = h("dd", { onclick: (e) => this.#pick(e) });
    this.target = h("dd", { class: "said", onclick: (e) => this.#pick(e) });
    this.live = h("p", { class: "live", "aria-live": "polite" });
    this.verdict = h("p", { class: "verdict", "aria-live": "polite", hidden: !["text", "method", "step"].some(has) });
    const layers = Array.from({ length: Math.max(...Object.values(this.#depth)) }, (_, layer) => layer);
    this.thumbs = layers.flatMap((layer) => Array.from({ length: heads }, (_, head) => this.#thumb(layer, head)));
    this.layers = layers.map((layer) => h("span", {}, `layer ${layer + 1}`)); // the names of rows, where there are heads
    const many = heads > 1;
    const columns = `${many ? "max-content" : ""} repeat(${many ? heads : layers.length}, minmax(0, 4.75rem))`;
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
    this.mapped = ["place", "map", "query"].some(has);
    const dt = this.sourceName = h("dt", {}, "sentence");
    const both = h("dl", { class: "both" }, dt, this.source, h("dt", {}, "translation"), this.target);
    for (const node of [dt, this.source]) node.hidden = has("text") && !this.mapped; // the field shows it
    const where = h("div", { class: "where", hidden: !this.mapped }, this.place.node, maps);
    return h("div", { class: "widget", role: "group", "aria-label": spec.caption || "A Transformer translates" },
      spec.caption ? h("p", { class: "caption" }, spec.caption) : "",
      h("div", { class: "controls" }, this.direction.node, this.sentence.node, this.resetButton()), this.field.node,
      both, this.verdict, this.#buildDecoding(), ...this.#buildLooks(), this.live, where,
      h("div", { class: "work", hidden: !this.mapped }, this.editor, this.map));
  }

  // What "<2en>" stands for: "French → English".
  #way(tag) {
    const from = this.#source(tag);
    return `${from ? `${from} ` : ""}→ ${language(tag)}`;
  }

  /** The language of the sentences that this tag translates, if there are two. */
  #source(tag) {
    const others = this.spec.tags.filter((other) => other !== tag);
    return others.length === 1 ? language(others[0]) : "";
  }

  #buildDecoding() {
    const set = (name) => (value) => { this.set("hypothesis", 0); this.set(name, value); this.#stop(); };
    this.methods = this.radios("Method", METHODS, (method) => { this.#present({ method }); });
    this.methods.node.classList.add("segments");
    const many = (k) => `${k} ${k === 1 ? "word" : "words"}`;
    this.knobs = {
      width: this.range("Width of the beam", { min: 1, max: 6, text: String, onset: set("width") }),
      temperature: this.range("Temperature", { min: 0, max: 2, step: 0.05, text: (t) => format(t), onset: set("temperature") }),
      top_k: this.range("Top k", { min: 1, max: ALL, text: () => (this.settings.top_k ? many(this.settings.top_k) : "all words"), onset: (k) => set("top_k")(k === ALL ? 0 : k) }),
      top_p: this.range("Top p", { min: 0.05, max: 1, step: 0.05, text: (p) => format(p), onset: set("top_p") }),
    };
    this.again = h("button", { type: "button", onclick: () => this.#present({ seed: (this.settings.seed + 1) % 2 ** 32 }) }, "Draw again");
    const knobs = Object.values(this.knobs).map(({ node }) => node);
    return h("div", { class: "decoding", hidden: !this.has("method") }, this.methods.node, ...knobs, this.again);
  }

  #buildLooks() {
    const has = (name) => this.has(name);
    const play = () => this.#play(this.step < this.now.words.length ? this.step : 0);
    this.play = h("button", { type: "button", onclick: () => (this.#playing ? this.#stop() : play()) }, "▶ Play");
    const text = () => `${this.step + 1} of ${this.now.words.length + 1}`;
    this.steps = this.range("Step", { min: 0, max: 0, text, onset: (step) => { this.#stop(); this.set("step", step); } });
    this.next = Array.from({ length: LIKELIEST + 1 }, () => ({ word: h("dt"), share: h("dd", { class: "share" }), number: h("dd") }));
    const cells = this.next.flatMap(({ word, share, number }) => [word, share, number]);
    const list = h("dl", { class: "next", "aria-label": "What comes next" }, ...cells);
    this.stepHead = h("p", { class: "note head" });
    const steps = h("div", { hidden: !has("step") }, h("div", { class: "player" }, this.play, this.steps.node), this.stepHead, list);
    this.found = h("fieldset", { class: "control found" });
    this.tree = h("div", { class: "tree", tabindex: 0, role: "group", "aria-label": "The beam as a tree" });
    const hidden = !has("step") && !has("method");
    return [h("div", { class: "looks", hidden }, steps, this.found), this.tree];
  }

  #thumb(layer, head) {
    const choose = () => { this.set("layer", layer); this.set("head", head); };
    const input = h("input", { type: "radio", name: "map", onchange: choose });
    const canvas = h("canvas", { "aria-hidden": "true" });
    return { layer, head, input, canvas, node: h("label", {}, input, canvas, this.spec.heads > 1 ? `head ${head + 1}` : `layer ${layer + 1}`) };
  }

  #bar(j) {
    const key = h("button", { type: "button", class: "key", onclick: () => this.#giveAll(j) });
    const input = h("input", { type: "range", min: 0, max: 1, step: 0.01, oninput: () => this.#drag(j, Number(input.value)) });
    const slide = h("div", { class: "slide" }, h("div", { class: "bar" }), input);
    const number = h("span", { class: "number" });
    this.bars.append(key, slide, number);
    return { key, input, slide, number };
  }

  // A word above the map picks its row; one of the translation, its step.
  #pick({ target: { dataset } }) {
    if (dataset.row) this.set("query", Number(dataset.row));
    if (dataset.step) {
      this.#stop();
      this.set("step", Number(dataset.step));
    }
  }

  // Drawing.

  draw() {
    if (!this.clientWidth) return; // out of sight
    this.toggleAttribute("waiting", !this.model);
    const { settings } = this;
    this.field.show(this.#text, settings.direction);
    this.#showChoice();
    this.direction.show(settings.direction);
    this.#showDecoding();
    const { place, layer, head, query } = this.shown;
    const { queries, keys } = this.#words();
    this.place.show(place);
    this.#showSentences(place, query);
    this.live.hidden = !this.mapped;
    if (!this.mapped) return;
    const row = this.#row();
    const named = JSON.stringify([place, queries, keys]);
    if (named !== this.#named) {
      this.#named = named;
      this.map.name(queries, keys, place === "decoder");
      this.query.replaceChildren(...queries.map((word, i) => h("option", { value: i }, `${word} (${i + 1})`)));
    }
    const inMap = this.hands.filter((hand) => hand.place === place && hand.layer === layer && hand.head === head);
    this.map.show(this.weights, query, inMap.map((hand) => hand.query));
    this.#shade(row.weights, place);
    this.#showThumbs(place, layer, head, queries.length, keys.length);
    this.#showRow(queries[query], keys, query, row);
    const largest = row.weights.indexOf(Math.max(...row.weights));
    const most = row.weights[largest] > 0.995 ? "alone" : `most, ${format(row.weights[largest])}`;
    let told = `${this.#where({ place, layer, head })}: ${queries[query]} ${row.hand ? "now " : ""}reads ${keys[largest]} ${most}`;
    if (this.hands.length) told += `${row.hand ? ": " : ". By hand elsewhere: "}${news(this.plain.words, this.now.words)}`;
    if (!this.model) told = this.#waiting;
    if (this.live.textContent !== told) this.live.textContent = told;
  }

  get #waiting() { return `The model, ${Math.round(this.spec.bytes / 1000)} KB, comes when you begin.`; }

  #showChoice() {
    const { sentence, text, direction } = this.settings;
    const { input } = this.sentence;
    if (input) {
      const named = JSON.stringify([direction, Boolean(text)]);
      if (named !== this.sentence.named) {
        this.sentence.named = named;
        const name = (k) => (this.spec.tags.length ? written(this.#given(k).split(" ")) : this.#given(k));
        const options = this.spec.sentences.map((_, k) => h("option", { value: k }, name(k)));
        input.replaceChildren(...(text ? [h("option", { value: OWN }, "(your own)")] : []), ...options);
      }
    }
    this.sentence.show(text ? OWN : String(sentence));
  }

  #showDecoding() {
    const { settings, now } = this;
    const { method, temperature } = settings;
    const of = { width: "beam", temperature: "sample", top_k: "sample", top_p: "sample" };
    this.methods.show(method);
    for (const [name, { node, show }] of Object.entries(this.knobs)) {
      node.hidden = of[name] !== method;
      show(name === "top_k" ? Math.min(settings.top_k || ALL, ALL) : settings[name], !(temperature === 0 && name.startsWith("top")));
    }
    this.again.hidden = method !== "sample";
    const { end, beam } = now;
    let told = this.#waiting;
    if (end) {
      const steps = end.ended ? `in ${end.length} ${end.length === 1 ? "step" : "steps"}` : `stopped after ${LONGEST} words`;
      told = `Probability of this translation: ${chance(end.logProbability)} (log-probability ${format(end.logProbability)}), ${steps}`;
    }
    if (!this.#playing && this.verdict.textContent !== told) this.verdict.textContent = told;
    if (this.has("step")) this.#showStep();
    for (const node of [this.found, this.tree]) node.hidden = !this.has("method") || method !== "beam";
    this.found.style.minHeight = `${1.75 * settings.width + 1.5}rem`; // as long as the model is not there
    this.tree.style.minHeight = `${treeHeight(settings.width)}px`;
    if (beam) this.#showBeam(now);
    this.play.textContent = this.#playing ? "❚❚ Pause" : "▶ Play";
  }

  #showStep() {
    const { model, step, steps, now: { words } } = this;
    steps.input.max = words.length;
    steps.show(step);
    this.play.disabled = !model;
    const before = step ? `after “${written(words.slice(0, step).slice(-3))}”` : "first word";
    this.stepHead.textContent = `What the model expects, ${before}:`;
    const rows = this.#expected();
    this.next.forEach(({ word, share, number }, k) => {
      const [text, p, state] = rows?.[k] ?? ["\u00a0", 0, "rest"];
      word.textContent = text;
      number.textContent = rows ? chance(Math.log(p)) : "\u00a0";
      share.style.setProperty("--share", p.toFixed(4));
      for (const node of [word, share, number]) for (const name of ["chosen", "cut", "rest"]) node.classList.toggle(name, name === state);
      word.setAttribute("aria-label", `${text}${state === "chosen" ? ", chosen" : state === "cut" ? ", cut off" : ""}`);
    });
  }

  /** The distribution as it is shown: [word, probability, state] of the likeliest words, and of the rest; null without. */
  #expected() {
    const { model, spec: { first }, distribution } = this;
    if (!model) return first.step === this.step && first.source === this.sourceWords.join(" ") ? first.expected : null;
    const { probabilities, kept, chosen } = distribution;
    const order = Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
    const named = order.slice(0, LIKELIEST);
    if (!named.includes(chosen)) named[LIKELIEST - 1] = chosen;
    const rest = 1 - named.reduce((sum, id) => sum + probabilities[id], 0);
    const state = (id) => (id === chosen ? "chosen" : kept[id] > 0 ? "" : "cut");
    return [
      ...named.map((id) => [model.target[id], probabilities[id], state(id)]),
      [`${model.target.length - named.length} others`, Math.max(rest, 0), "rest"],
    ];
  }

  #showBeam(now) {
    if (this.#treeOf === now) return;
    const before = this.#treeOf?.beam === now.beam;
    this.#treeOf = now;
    const { beam, root, end } = now;
    const { model } = this;
    const name = (id) => model.target[id];
    const shown = beam.found.indexOf(end);
    if (before) {
      this.found.querySelectorAll("input")[shown].checked = true;
    } else {
      const labels = beam.found.map((one, k) => h("label", {},
        h("input", { type: "radio", name: "found", checked: k === shown, onchange: () => { this.#stop(); this.set("hypothesis", k); } }),
        h("span", {}, written(one.ids.map(name)) || "(nothing)", one.ended ? "" : " …"),
        h("span", { class: "log" }, `${format(one.logProbability)} (${chance(one.logProbability)})`)));
      this.found.replaceChildren(h("legend", {}, "What the beam found: log-probability (probability)"), h("div", { class: "options" }, ...labels));
    }
    const label = `The search as a tree of ${beam.columns.length} steps; its sentences are in the list before it`;
    this.tree.replaceChildren(drawTree({ columns: beam.columns, root, found: beam.found, shown: end, name, label }));
  }

  #where({ place, layer, head }) {
    return `${NAMES[place]}, layer ${layer + 1}${this.spec.heads > 1 ? `, head ${head + 1}` : ""}`;
  }

  #showSentences(place, query) {
    const isRow = this.mapped && { encoder: this.source, decoder: this.target, cross: this.target }[place];
    const shift = place === "decoder" ? 1 : 0; // <bos> comes before the words
    const stepped = this.has("step");
    const word = (line, text, i, after, tag = "span") => {
      const node = h(tag, { class: "word" }, text);
      if (line === isRow) node.dataset.row = i + shift;
      if (line === isRow && i + shift === query) node.classList.add("row");
      if (line === this.target && stepped) {
        node.dataset.step = i;
        node.classList.toggle("at", i === this.step);
        node.classList.toggle("later", i >= this.#visible);
      }
      if (line === this.source && this.spec.tags.includes(text)) {
        node.classList.add("tag");
        node.title = `${text}, the first word of the source, tells the model to write ${language(text)}`;
      }
      return [node, text.endsWith("'") || after === "," ? "" : " "]; // l'animal
    };
    this.source.replaceChildren(...this.sourceWords.flatMap((text, i, all) => word(this.source, text, i, all[i + 1])));
    let i = 0;
    const parts = pieces(this.plain.words, this.now.words).flatMap(({ same, old, now }) => [
      ...(same || !old.length ? [] : [h("del", {}, old.join(" ")), " "]),
      ...now.flatMap((text) => word(this.target, text, i, this.now.words[++i], same ? "span" : "ins")),
    ]);
    if (stepped && this.now.end?.ended) {
      const end = h("span", { class: "end", title: "the model says that the sentence is over" }, "<eos>");
      end.dataset.step = i;
      end.classList.toggle("at", i === this.step);
      end.classList.toggle("later", i >= this.#visible);
      parts.push(end);
    }
    this.target.replaceChildren(...parts);
  }

  // The words that the row in focus reads, in the colours of the map.
  #shade(weights, place) {
    const line = place === "decoder" ? this.target : this.source;
    const first = place === "decoder" ? 1 : 0;
    line.querySelectorAll(".word").forEach((node, i) => {
      const weight = weights[i + first] ?? 0;
      if (weight < 0.05) return;
      const colour = this.map.tables.rgb[Math.round(255 * weight)];
      Object.assign(node.style, { background: `rgb(${colour})`, color: inkOn(colour) });
    });
  }

  #showThumbs(place, layer, head, n, m) {
    this.layers.forEach((name, k) => { name.hidden = k >= this.#depth[place]; });
    for (const thumb of this.thumbs) {
      thumb.node.hidden = thumb.layer >= this.#depth[place];
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
