// What the widgets share in which a trained Transformer runs: its weights, fetched once for all of a page.
import { h, WidgetElement } from "./element.js";
import { readSafetensors, unpack } from "../maths/safetensors.js";
import { Transformer } from "../maths/transformer.js";

// Weights that the page brings in files of their own, weights/NAME.js beside this script.
const script = globalThis.document?.currentScript?.src;
const PACKING = 2; // how `packed` writes them: a browser may still hold a file that was written otherwise
const files = new Map(); // name: text
const asked = new Map(); // name: promise of the text
const made = new Map(); // name: a map from a class to the promise of its model

/** What such a file calls. */
export function weights(name, text) {
  files.set(name, text);
}

// A page that nobody reads fetches no weights: they wait for the reader's first sign of life.
export let wake; // to say that the reader lives: who comes by a link does
const SIGNS = ["pointermove", "pointerdown", "touchstart", "keydown", "wheel", "scroll"];
const alive = new Promise((resolve) => {
  wake = resolve;
  for (const sign of SIGNS) { // caught on their way down; but the page's own scrolling alone: its contents list scrolls itself
    globalThis.addEventListener?.(sign, resolve, { once: true, passive: true, capture: sign !== "scroll" });
  }
});

function fetchWeights({ model, digest }) {
  const fetched = () => new Promise((resolve, reject) => {
    const settle = () => (files.has(model) ? resolve(files.get(model)) : reject(new Error(`no weights named ${model} came`)));
    const { href } = new URL(`weights/${model}.js?v=${digest}-${PACKING}`, script);
    document.head.append(h("script", { src: href, onload: settle, onerror: settle }));
  });
  if (files.has(model)) return Promise.resolve(files.get(model)); // they stand in the page
  if (!asked.has(model)) asked.set(model, alive.then(fetched));
  return asked.get(model);
}

/** Promises the model of a widget, of class `kind`: its own, or one of the package's, made once for all of a page. */
export async function modelOf(spec, kind = Transformer) {
  const make = async (text) => new kind(readSafetensors(await unpack(text)));
  if (spec.weights) return make(spec.weights);
  if (!made.has(spec.model)) made.set(spec.model, new Map());
  const kinds = made.get(spec.model);
  if (!kinds.has(kind)) kinds.set(kind, fetchWeights(spec).then(make));
  return kinds.get(kind);
}

/** Base of the widgets that stand as soon as their model is there: `this.model`, of the class MODEL. */
export class ModelElement extends WidgetElement {
  static MODEL = Transformer;

  ready() {
    wake();
    return super.ready();
  }

  print(paper) {
    super.print(paper, Boolean(this.model)); // without it: the static table
    this.#keep(!paper);
  }

  /** About how high it will be, in px. */
  get room() {
    return 0;
  }

  // Until the model is there: the place that the widget will need, so that nothing moves when it comes.
  #keep(yes) {
    Object.assign(this.style, yes && this.isConnected && this.expected && !this.model ? { display: "block", minHeight: `${this.room}px` } : { display: "", minHeight: "" });
  }

  load(spec) {
    if (this.expected) return; // asked for twice
    this.expected = spec;
    const status = h("p", { role: "status" }, `Loading the model, ${Math.round(spec.bytes / 1000)} KB …`);
    this.shadowRoot.replaceChildren(status, h("slot"));
    this.#keep(true);
    modelOf(spec, this.constructor.MODEL).then((model) => {
      const { initial, settings } = this; // what came meanwhile, from a kernel, stays
      this.model = model;
      this.#keep(false);
      super.load({ ...spec, settings: { ...spec.settings, ...settings } });
      this.initial = initial ?? this.initial;
    }).catch(({ message }) => {
      this.style.minHeight = "";
      status.textContent = `The model does not run here (${message}). What it says, as a table:`;
    });
  }
}
