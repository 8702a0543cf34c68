// What the widgets about layers share: their frame, sliders over lists, tables, and pictures with places to choose.
import { h } from "./element.js";
import { nearestIndex } from "../maths/layers.js";
import { clamp } from "../maths/plane.js";

export const VIEW_STYLE = `
.widget { container-type: inline-size; }
.sized { display: flex; align-items: end; gap: 0.4rem; }
.sized .reading { display: none; }
.field { width: 4.5rem; height: 1.75rem; padding: 0 0.3rem; background: var(--surface); border: 1px solid var(--line); border-bottom-color: var(--muted); border-radius: 4px; }
.field:invalid { outline: 2px dotted var(--wrong); }
.swatch { display: inline-block; width: 0.7rem; height: 0.7rem; margin-right: 0.4rem; border-radius: 2px; background: var(--part); }
.parts { width: 100%; --hang: 1.1rem; }
.parts th, .parts td { padding: 0.2rem 0.3rem; text-align: right; font-weight: 400; vertical-align: top; }
.parts th:first-child { text-align: left; }
.parts thead th { color: var(--muted); border-bottom: 1px solid var(--line); vertical-align: bottom; }
.parts tbody th { font-weight: 600; padding-left: calc(0.3rem + var(--hang)); text-indent: calc(-1 * var(--hang)); }
.parts small { display: block; color: var(--muted); font-size: 0.75rem; font-weight: 400; }
.parts tfoot th, .parts tfoot td { border-top: 1px solid var(--line); font-weight: 600; }
@container (max-width: 30rem) {
  .parts th, .parts td { padding: 0.2rem 0.15rem; font-size: 0.75rem; } .parts small { font-size: 0.6875rem; }
  .swatch { margin-right: 0.2rem; } .parts { --hang: 0.9rem; }
}
.picture { border-radius: 4px; touch-action: pan-y; cursor: crosshair; }
.picture canvas { display: block; }
.picture svg { display: block; width: 100%; font-size: 12px; overflow: visible; user-select: none; -webkit-user-select: none; }
.picture text { fill: var(--muted); }
.grid { stroke: var(--line); }
`;

export const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"; // of a canvas

/** The whole widget: its caption, its controls with a Reset, and what else it shows. */
export function frame(widget, name, ...children) {
  const { caption } = widget.spec;
  return h("div", { class: "widget", role: "group", "aria-label": caption || name }, caption ? h("p", { class: "caption" }, caption) : "",
    h("div", { class: "controls" }, ...Object.values(widget.controls).map(({ node }) => node), widget.resetButton()), ...children);
}

/** A slider over the values of list(), for a setting that may stand between two of them. */
export function listRange(widget, name, label, list, onset = (value) => widget.set(name, value)) {
  const control = widget.range(label, { min: 0, text: () => String(widget.settings[name]), onset: (k) => onset(list()[k]) });
  const show = (value, enabled) => {
    control.input.max = list().length - 1;
    control.show(nearestIndex(list(), value), enabled);
  };
  return { ...control, show };
}

/** The same for a size, with a field beside it. */
export function sizeRange(widget, name, label, list) {
  const control = listRange(widget, name, label, () => list);
  let typing = false; // a frame that was asked for earlier must not write over what is typed now
  const settle = () => {
    typing = false;
    field.value = widget.settings[name];
  };
  const field = h("input", {
    class: "field", type: "number", min: 1, max: list.at(-1), "aria-label": `${label}, as a number`, onchange: settle, onblur: settle,
    oninput: () => {
      typing = true;
      if (field.value && field.validity.valid) widget.set(name, Number(field.value));
    },
  });
  const show = (size, enabled) => {
    control.show(size, enabled);
    field.disabled = enabled === false;
    if (!typing && Number(field.value) !== size) field.value = size;
  };
  return { node: h("div", { class: "sized" }, control.node, field), show };
}

/** A table with a class for each row, named by its first cell; the last columns are empty cells. */
export function table(columns, names, foot = "") {
  const cells = names.map(() => columns.slice(1).map(() => h("td", {}, "", h("small"))));
  const rows = names.map((name, i) => h("tr", { class: name }, h("th", { scope: "row" }, h("span", { class: "swatch" }), name), ...cells[i]));
  const heads = columns.map((text) => h("th", { scope: "col" }, text));
  const node = h("table", { class: "parts" }, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows), foot && h("tfoot", {}, foot));
  return { node, heads, rows, cells };
}

/** A number in a cell, and what it is made of below it. */
export function fill(cell, text, small = "") {
  cell.firstChild.data = text;
  cell.lastChild.textContent = small;
}

/** The sentence for those who listen: said again only when it changes. */
export function say(node, news) {
  if (node.textContent !== news) node.textContent = news;
}

/**
 * A picture in which one of many places is chosen. at(x, y, width): the place under the pointer; from(): where the keys
 * [back, forth] start; last(): the last place; choose(place); look(place): the mouse stands on it, or no longer (null).
 */
export function picture(kind, label, { keys: [back, forth], at, from, last, choose, look = () => {} }, ...children) {
  const point = (event) => {
    const { left, top, width } = node.getBoundingClientRect();
    const place = clamp(at(event.clientX - left, event.clientY - top, width), 0, last());
    const chosen = event.type === "pointerdown" || event.buttons === 1;
    if (chosen) choose(place);
    look(chosen || event.pointerType !== "mouse" ? null : place);
  };
  const onkeydown = (event) => {
    const step = { [back]: -1, [forth]: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    look(null);
    choose(clamp(from() + step, 0, last()));
  };
  const node = h("div", {
    class: `picture ${kind}`, tabindex: 0, role: "application", "aria-label": label, "aria-describedby": "live", onkeydown,
    onpointerdown: point, onpointermove: point, onpointerleave: () => look(null),
  }, ...children);
  return node;
}

/** An element of SVG. */
export function s(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A canvas as large as asked for, in CSS pixels, sharp on any screen: its pen. */
export function penOn(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = FONT;
  pen.textBaseline = "middle";
  const write = (text, x, y, colour, align = "left") => {
    pen.fillStyle = colour;
    pen.textAlign = align;
    pen.fillText(text, x, y);
  };
  return { pen, write, ratio };
}
