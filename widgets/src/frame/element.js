// What every widget of the book shares: data, settings, theme, print, redraw, controls, links.
import { checkLink, readLink, writeLink } from "../maths/link.js";
import { parse, text } from "../maths/attention.js";

export const FIXED = 1e5; // smaller numbers are written without an exponent

/** Numbers for people: a fixed number of decimals, or an exponent ("1.2e9"), and a true minus sign. */
export function format(x, decimals = 2) {
  if (Math.abs(x) === Infinity) return x < 0 ? "−∞" : "∞";
  const text = Math.abs(x) < FIXED ? x.toFixed(decimals) : x.toExponential(decimals).replace("+", "").replace(/\.?0+e/, "e");
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

/** h("td", {class: "x", onclick: f}, "text", node, ...): an element; strings become text, never markup. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") node.style.cssText = value; // an attribute would need 'unsafe-inline' of a page's CSP
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Light or dark: the book's site, Colab, JupyterLab, VS Code, then the system.
export function isDark() {
  const root = document.documentElement;
  const body = document.body;
  const theme = root.dataset.theme ?? root.getAttribute("theme");
  if (theme === "light" || theme === "dark") return theme === "dark";
  if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
  if (/\bvscode-(dark|high-contrast)\b/.test(body.className)) return true;
  if (/\bvscode-light\b/.test(body.className)) return false;
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

// One watcher for all widgets on the page.
const mounted = new Set();
let watching = false;
function watchTheme() {
  if (watching) return;
  watching = true;
  const refresh = () => mounted.forEach((widget) => widget.refreshTheme());
  const observer = new MutationObserver(refresh);
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter: ["data-theme", "theme", "class", "data-jp-theme-light"] });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
  for (const name of ["beforeprint", "afterprint"]) addEventListener(name, () => mounted.forEach((widget) => widget.print(name === "beforeprint")));
}

/** Go where the address says, if it is a link to a widget; now, and whenever it changes. */
export function followLinks() {
  const follow = async () => {
    const link = readLink(location.hash);
    if (!link || document.getElementById(location.hash.slice(1))) return; // a section's own
    const widget = document.querySelectorAll(link.element)[link.position - 1];
    if (!widget) return;
    await customElements.whenDefined(link.element);
    if (widget.linkable) widget.follow(link.pairs);
  };
  addEventListener("hashchange", follow);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", follow, { once: true });
  else follow();
}

// Once, as soon as the reader does something.
function whenActive(listener) {
  const once = new AbortController();
  for (const name of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    addEventListener(name, () => { once.abort(); listener(); }, { capture: true, passive: true, signal: once.signal });
  }
}

// A style sheet for each kind of widget, shared by all of them; a page's CSP may forbid style elements.
const sheets = new Map();
function sheet(css) {
  if (!sheets.has(css)) {
    sheets.set(css, new CSSStyleSheet());
    sheets.get(css).replaceSync(css);
  }
  return sheets.get(css);
}

// Builds a widget as soon as it is a window's height away: a page with many of them opens quickly.
let nearby = null;
function buildWhenNear(widget) {
  nearby ??= new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      nearby.unobserve(target);
      setTimeout(() => target.read()); // a task for each, so that none is long
    }
  }, { rootMargin: "100% 0px" });
  nearby.observe(widget);
}

export const BASE_STYLE = `
:host {
  --text: #1f2328; --muted: #59636e; --line: #d0d7de; --surface: #ffffff; --well: #f6f8fa;
  --query: var(--sa-query, #0550ae); --key: var(--sa-key, #b05a00); --value: var(--sa-value, #0a4a1c); --mark: var(--sa-accent, #0969da); --wrong: #b42318;
  display: block; margin: 1rem 0; color: var(--text); font: 0.875rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  color-scheme: light;
}
:host([dark]) {
  --text: #e6edf3; --muted: #9aa4af; --line: #3d444d; --surface: #0d1117; --well: #161b22;
  --query: var(--sa-query, #79c0ff); --key: var(--sa-key, #f0883e); --value: var(--sa-value, #aff5b4); --mark: var(--sa-accent, #58a6ff); --wrong: #ff8a80;
  color-scheme: dark;
}
:host([paper]) { --query: #0550ae; --key: #b05a00; --value: #0a4a1c; --mark: #0969da; }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.widget { border: 1px solid var(--line); border-radius: 8px; background: var(--surface); padding: 0.9rem; max-width: 100%; }
.caption { margin: 0 0 0.6rem; font-weight: 600; }
.controls > * { max-width: 100%; }
.controls { position: relative; display: flex; flex-wrap: wrap; gap: 0.5rem 1.1rem; align-items: end; margin-bottom: 0.75rem; }
.control { display: flex; flex-direction: column; gap: 0.1rem; border: 0; padding: 0; margin: 0; min-width: 0; }
.control > .name, legend { color: var(--muted); font-size: 0.8125rem; padding: 0; display: flex; justify-content: space-between; gap: 0.75rem; }
.control .reading { color: var(--text); font-variant-numeric: tabular-nums; }
.options { display: flex; flex-wrap: wrap; gap: 0 0.7rem; }
.options label { display: inline-flex; gap: 0.3rem; align-items: center; min-height: 1.75rem; cursor: pointer; }
input, select, button { font: inherit; color: inherit; }
input[type="range"] { width: 9.5rem; max-width: 100%; height: 1.75rem; margin: 0; accent-color: var(--mark); cursor: pointer; }
input[type="radio"], input[type="checkbox"] { width: 1rem; height: 1rem; margin: 0; accent-color: var(--mark); }
select, button { min-height: 1.9rem; padding: 0.1rem 0.55rem; border: 1px solid var(--line); border-radius: 6px; background: var(--well); }
button { cursor: pointer; }
button:hover:enabled { border-color: var(--mark); }
.own { display: flex; gap: 0.35rem; }
.link { border-color: transparent; background: none; color: var(--muted); }
.notice { position: absolute; z-index: 4; right: 0; top: calc(100% + 0.25rem); max-width: 100%; padding: 0.2rem 0.6rem; border-radius: 6px; background: var(--text); color: var(--surface); overflow-wrap: anywhere; pointer-events: none; }
.notice:empty { padding: 0; }
:disabled { opacity: 0.5; cursor: default; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.live { margin: 0.6rem 0 0; min-height: 1.45em; }
.live, .heading, .caption, .options, .reading, button { overflow-wrap: anywhere; min-width: 0; }
.note { color: var(--muted); margin: 0.3rem 0 0; }
@media print { /* the settings as text, the pictures as they stand */
  :host { break-inside: avoid; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .own, .control :is([type="range"], [type="radio"], [type="checkbox"]), .options label:not(:has(:checked)) { display: none; }
  .control select { appearance: none; border: 0; padding: 0; background: none; }
  .control .name { justify-content: flex-start; }
  .body, .map { overflow: visible; }
  canvas { max-width: 100%; height: auto !important; }
}
`;

/** Base of the custom elements. A subclass gives static STYLE, build() (DOM, once) and draw() (on every change). */
export class WidgetElement extends HTMLElement {
  static MORE = []; // names of what a link holds beside the settings: properties that reset() sets back
  settings = {};
  #stands;
  #ready = new Promise((resolve) => { this.#stands = resolve; });
  #resize = new ResizeObserver(() => this.schedule());
  #frame = 0;
  #built = false;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.shadowRoot.append(document.createElement("slot")); // the static fallback, until the widget stands
  }

  connectedCallback() {
    watchTheme();
    mounted.add(this);
    this.#resize.observe(this);
    if (this.#built) this.refreshTheme();
    else buildWhenNear(this);
  }

  /** Build from the data inside the element, if that has not been done. */
  read() {
    if (document.readyState === "loading") return document.addEventListener("DOMContentLoaded", () => this.read(), { once: true });
    const data = this.#built ? null : this.querySelector('script[type="application/json"]');
    if (data) this.load(JSON.parse(data.textContent));
  }

  disconnectedCallback() {
    mounted.delete(this);
    nearby?.unobserve(this);
    this.#resize.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Take the data that Python wrote, {settings, ...}, and build the widget. */
  load(spec) {
    this.spec = spec;
    this.settings = { ...spec.settings };
    this.initial = { ...spec.settings };
    this.start = this.state;
    this.shadowRoot.adoptedStyleSheets = [sheet(BASE_STYLE), sheet(this.constructor.STYLE)];
    this.shadowRoot.replaceChildren(this.build());
    this.#built = true;
    this.refreshTheme();
    this.#stands();
  }

  /** Promises that it can take settings. */
  ready() {
    return this.#ready;
  }

  /** Change one setting; tells listeners ("setting" event) unless told to be silent. */
  set(name, value, { silent = false } = {}) {
    if (Object.is(this.settings[name], value)) return;
    this.settings[name] = value;
    this.schedule();
    if (!silent) this.dispatchEvent(new CustomEvent("setting", { detail: { name, value } }));
  }

  /** Every setting back to what the author chose. */
  reset() {
    for (const [name, value] of Object.entries(this.initial)) this.set(name, value);
  }

  schedule() {
    if (!this.#built || this.#frame || !this.isConnected) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw();
    });
  }

  refreshTheme() {
    this.toggleAttribute("dark", isDark() && !this.hasAttribute("paper"));
    this.schedule();
  }

  /** Stand as on paper, in light colours, drawn at once; or no longer. A widget that nobody has come near yet is built, if `build`. */
  print(paper, build = true) {
    this.toggleAttribute("paper", paper);
    if (paper && build) this.read();
    if (!this.#built) return;
    this.refreshTheme();
    if (paper) this.draw();
  }

  /** The current value of one of the palette's custom properties. */
  colour(name) {
    return getComputedStyle(this).getPropertyValue(`--${name}`).trim();
  }

  // Controls. Each returns {node, show(value, ...)}: show() brings the control in line with the settings.

  range(label, { min, max, step = 1, text, onset }) {
    const output = h("span", { class: "reading" }); // an <output> would take the label away from the slider
    const input = h("input", { type: "range", min, max, step, "aria-label": label, oninput: () => onset(Number(input.value)) });
    const node = h("label", { class: "control" }, h("span", { class: "name" }, label, output), input);
    const show = (value, enabled = true) => {
      if (Number(input.value) !== value) input.value = value;
      input.disabled = !enabled;
      output.textContent = text(value);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    return { node, input, show };
  }

  select(label, options, onset) {
    const input = h("select", { "aria-label": label, onchange: () => onset(input.value) });
    for (const [value, text] of options) input.append(h("option", { value }, text));
    const node = h("label", { class: "control" }, h("span", { class: "name" }, label), input);
    return { node, input, show: (value) => { input.value = value; } };
  }

  radios(label, options, onset) {
    const group = `g${Math.random().toString(36).slice(2)}`;
    const inputs = options.map(([value]) => h("input", { type: "radio", name: group, value, onchange: () => onset(value) }));
    const labels = options.map(([, text], i) => h("label", {}, inputs[i], text));
    const node = h("fieldset", { class: "control" }, h("legend", {}, label), h("div", { class: "options" }, ...labels));
    return { node, inputs, show: (value) => inputs.forEach((input) => { input.checked = input.value === value; }) };
  }

  checks(label, options, onset) {
    const inputs = options.map(([value]) => h("input", {
      type: "checkbox", value, onchange: () => onset(inputs.filter((input) => input.checked).map((input) => input.value)),
    }));
    const labels = options.map(([, text], i) => h("label", {}, inputs[i], text));
    const node = h("fieldset", { class: "control" }, h("legend", {}, label), h("div", { class: "options" }, ...labels));
    return { node, inputs, show: (values) => inputs.forEach((input) => { input.checked = values.includes(input.value); }) };
  }

  /** A text field for a number. What is being typed is left alone; what is no number changes nothing, and goes away. */
  number(label, onset) {
    let typing = false;
    const settle = () => {
      typing = false;
      input.removeAttribute("aria-invalid");
      this.schedule();
    };
    const input = h("input", {
      class: "field", type: "text", autocomplete: "off", spellcheck: "false", "aria-label": label, onchange: settle, onblur: settle,
      oninput: () => {
        const value = parse(input.value);
        if (value === null) input.setAttribute("aria-invalid", "true");
        else {
          settle();
          onset(value);
        }
        typing = true;
      },
    });
    const show = (value) => { if (!typing && input.value !== text(value)) input.value = text(value); };
    return { node: input, settle, show };
  }

  /** Reset, and on a page of its own address, Link. */
  resetButton() {
    const button = (name, kind, title, onclick) => h("button", { type: "button", class: kind, title, onclick }, name);
    const reset = button("Reset", null, null, () => this.reset());
    if (!this.linkable) return h("div", { class: "own" }, reset);
    this.notice = h("span", { class: "notice", role: "status" });
    return h("div", { class: "own" }, reset, button("Link", "link", "A link to this widget as it is set now", () => this.#link()), this.notice);
  }

  // Links. A subclass gives `kinds`, {name: kind}, for each setting and each of MORE; see link.js.

  /** Whether the widget stands in a page that has an address: not in a kernel's, nor in JupyterLab. */
  get linkable() {
    return /^(https?|file):$/.test(location.protocol) && !document.body.dataset.jpThemeLight && Boolean(this.querySelector(":scope > script"));
  }

  /** What a link holds. */
  get state() {
    return { ...this.settings, ...Object.fromEntries(this.constructor.MORE.map((name) => [name, this[name]])) };
  }

  /** The names of settings that a link must not bring together. */
  clashes() {
    return [];
  }

  async #link() {
    const position = [...document.querySelectorAll(this.localName)].indexOf(this) + 1;
    const hash = writeLink(this.localName, position, this.kinds, this.state, this.start);
    history.replaceState(history.state, "", hash);
    let said = "Link copied";
    try { await navigator.clipboard.writeText(location.href); } catch { said = "The address above now holds this state"; }
    this.#tell(said);
  }

  /** Say it, until the reader does something else. */
  #tell(text) {
    this.notice.textContent = text;
    whenActive(() => { this.notice.textContent = ""; });
  }

  /** Come into view, set as a link says, [[name, text], ...]. What it must not say is left alone, and named. */
  async follow(pairs) {
    for (let at = this; (at = at.parentElement?.closest("details")); ) at.open = true;
    this.scrollIntoView({ behavior: "instant" });
    let moved = false;
    whenActive(() => { moved = true; });
    this.read();
    await this.ready();
    const { values, refused } = checkLink(this.kinds, pairs);
    for (const name of this.clashes({ ...this.start, ...values })) {
      if (name in values) refused.add(name);
      delete values[name];
    }
    this.take(values);
    if (refused.size) this.#tell(`This link asks for what cannot be: ${[...refused].join(", ").slice(0, 120)}`);
    for (let k = 0; k < 20 && !moved; k++) { // while what stands above is built, and grows
      this.scrollIntoView({ behavior: "instant" });
      await new Promise(requestAnimationFrame);
    }
  }

  /** The state that the author chose, but for these values. */
  take(values) {
    this.reset();
    for (const [name, value] of Object.entries(values)) {
      if (name in this.settings) this.set(name, value);
      else this[name] = value;
    }
    this.schedule();
  }
}

/** Custom elements by name; a page that loads a script twice defines them once. */
export function define(elements) {
  for (const [name, element] of Object.entries(elements)) if (!customElements.get(name)) customElements.define(name, element);
}
