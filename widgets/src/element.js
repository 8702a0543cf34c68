// What every widget of the book shares: data, settings, theme, redraw, controls.
import { parse, text } from "./maths.js";

/** Numbers for people: a fixed number of decimals and a true minus sign. */
export function format(x, decimals = 2) {
  const text = x.toFixed(decimals);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

/** h("td", {class: "x", onclick: f}, "text", node, ...): an element; strings become text, never markup. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
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
  --query: var(--sa-query, #0550ae); --key: var(--sa-key, #a04100); --value: var(--sa-value, #116329); --mark: var(--sa-accent, #0969da); --wrong: #b42318;
  display: block; margin: 1rem 0; color: var(--text); font: 0.875rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  color-scheme: light;
}
:host([dark]) {
  --text: #e6edf3; --muted: #9aa4af; --line: #3d444d; --surface: #0d1117; --well: #161b22;
  --query: var(--sa-query, #79c0ff); --key: var(--sa-key, #ffa657); --value: var(--sa-value, #7ee787); --mark: var(--sa-accent, #58a6ff); --wrong: #ff8a80;
  color-scheme: dark;
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.widget { border: 1px solid var(--line); border-radius: 8px; background: var(--surface); padding: 0.9rem; max-width: 100%; }
.caption { margin: 0 0 0.6rem; font-weight: 600; }
.controls { display: flex; flex-wrap: wrap; gap: 0.5rem 1.1rem; align-items: end; margin-bottom: 0.75rem; }
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
:disabled { opacity: 0.5; cursor: default; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.live { margin: 0.6rem 0 0; min-height: 1.45em; }
.note { color: var(--muted); margin: 0.3rem 0 0; }
`;

/** Base of the custom elements. A subclass gives static STYLE, build() (DOM, once) and draw() (on every change). */
export class WidgetElement extends HTMLElement {
  settings = {};
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
    const style = h("style", {}, BASE_STYLE + this.constructor.STYLE);
    this.shadowRoot.replaceChildren(style, this.build());
    this.#built = true;
    this.refreshTheme();
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
    this.toggleAttribute("dark", isDark());
    this.schedule();
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

  resetButton() {
    return h("button", { type: "button", onclick: () => this.reset() }, "Reset");
  }
}

/** Custom elements by name; a page that loads a script twice defines them once. */
export function define(elements) {
  for (const [name, element] of Object.entries(elements)) if (!customElements.get(name)) customElements.define(name, element);
}
