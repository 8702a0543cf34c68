// A plane with arrows, drawn as SVG, whose tips can be picked and dragged: part of <vector-plane> and <soft-lookup>.
import { h } from "./element.js";
import { label as short } from "./labels.js";
import { apart, arrow, clamp, layOut, nearest, placeLabels, snap, ticks } from "../maths/plane.js";

const REACH = 22; // px: what counts as a tap on a tip
const HANDLE = 30; // px: the size of a handle
const FAR = 22; // px: a label farther from its tip gets a line to it
const LONGEST = 24; // characters of a label
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function s(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const PLANE_STYLE = `
.plane { position: relative; min-width: 0; touch-action: pan-y; }
.plane svg { display: block; width: 100%; overflow: hidden; font-size: 13px; user-select: none; -webkit-user-select: none; }
.plane text { fill: var(--muted); paint-order: stroke; stroke: var(--surface); stroke-width: 3px; stroke-linejoin: round; }
.plane .grid { stroke: var(--line); opacity: 0.45; }
.plane .leader { stroke: var(--muted); stroke-dasharray: 2 2; fill: none; }
.plane .zero { stroke: var(--muted); opacity: 0.7; }
.plane .tick { font-size: 11px; }
.plane .side { font-style: italic; }
.plane .arrow { color: var(--muted); stroke: currentColor; fill: currentColor; stroke-linejoin: round; }
.plane .arrow circle { stroke: none; }
.plane .faint path { stroke: var(--line); }
.plane .query { color: var(--query); } .plane .key { color: var(--key); }
.plane text.key { fill: currentColor; } .plane text.strong { fill: currentColor; font-weight: 700; }
.plane .wedge { fill: none; stroke: var(--mark); stroke-width: 1.5; }
.handle { position: absolute; left: 0; top: 0; width: ${HANDLE}px; height: ${HANDLE}px; min-height: 0; margin: ${-HANDLE / 2}px 0 0 ${-HANDLE / 2}px; padding: 0; border: 2px solid; border-radius: 50%; background: none;
  cursor: grab; touch-action: none; }
.handle:active { cursor: grabbing; }
button.handle:hover:enabled { border-color: currentColor; background: color-mix(in srgb, currentColor 14%, transparent); }
`;

export class PlaneView {
  #places = []; // of the labels, so that they keep their places while a tip moves
  #tips = [];
  #dragging = false;
  #sizes;

  /**
   * names: what each arrow is called; handles: how many tips can be dragged; sides: names of the axes;
   * onpick(i): an arrow is tapped, if given; onmove(i, point): a tip is dragged or moved by the arrow keys.
   */
  constructor({ label, names, handles, sides = null, onpick = null, onmove }) {
    Object.assign(this, { sides, onpick, onmove });
    this.grid = s("g");
    this.wedge = s("path", { class: "wedge" });
    this.arrows = names.map((name) => {
      const parts = { leader: s("path", { class: "leader" }), line: s("path"), dot: s("circle"), text: s("text", {}, short(name.replace(/[\u2068\u2069]/g, ""), LONGEST)) };
      parts.node = s("g", {}, parts.line, parts.dot);
      return parts;
    });
    this.texts = s("g", {}, ...this.arrows.flatMap(({ leader, text }) => [leader, text]));
    this.svg = s("svg", { "aria-hidden": "true" }, this.grid, ...this.arrows.map(({ node }) => node), this.wedge, this.texts);
    this.handles = Array.from({ length: handles }, () => {
      const node = h("button", { type: "button", "aria-roledescription": "tip of an arrow; the arrow keys move it, with Shift in small steps" });
      const handle = { node, of: 0 };
      node.addEventListener("pointerdown", (event) => this.#grab(event, handle.of, node));
      node.addEventListener("keydown", (event) => this.#nudge(event, handle.of));
      return handle;
    });
    this.node = h("div", { class: "plane", role: "group", "aria-label": label }, this.svg, ...this.handles.map(({ node }) => node));
    this.node.addEventListener("pointerdown", (event) => this.#tap(event));
  }

  /** Bring the view in line: `points` as they were at first span it, `now` is where the tips stand. */
  lay(points, now) {
    const stray = now.filter((point, i) => point !== points[i]);
    this.now = now;
    if (!this.#dragging) this.view = layOut(points, stray, Math.max(this.node.clientWidth, 160)); // no ground moves under a finger
    return this.view;
  }

  /**
   * Draw the arrows. looks[i]: {kind: class names, width, dot: radius}; order: the indices, the most important first;
   * tips: [{of: index, kind, label}] for the handles; wedge: two indices between which to draw the angle.
   */
  draw(looks, order, tips, wedge = null) {
    const { view, now, arrows } = this;
    const { width, height, toScreen } = view;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("height", height);
    this.#drawGrid();
    const origin = toScreen([0, 0]);
    this.#tips = now.map(toScreen);
    arrows.forEach(({ node, line, dot, text }, i) => {
      const { kind, width: thick, dot: radius } = looks[i];
      node.setAttribute("class", `arrow ${kind}`);
      text.setAttribute("class", kind);
      line.setAttribute("d", radius > 0 ? `M${origin}L${this.#tips[i]}` : arrow(origin, this.#tips[i], 7 + 2 * thick));
      line.setAttribute("stroke-width", thick);
      dot.setAttribute("r", radius);
      dot.setAttribute("cx", this.#tips[i][0]);
      dot.setAttribute("cy", this.#tips[i][1]);
    });
    if (this.order !== order.join()) for (const i of [...order].reverse()) this.svg.insertBefore(arrows[i].node, this.wedge); // important ones on top
    this.order = order.join();
    const tipsOf = tips.map(({ of }) => this.#tips[of]);
    const centres = tipsOf.length === 2 ? apart(tipsOf, HANDLE) : tipsOf;
    this.handles.forEach((handle, k) => {
      const { of, kind, label } = tips[k];
      handle.of = of;
      handle.node.className = `handle ${kind}`;
      handle.node.setAttribute("aria-label", label);
      handle.node.style.transform = `translate(${centres[k].map((x) => `${x.toFixed(1)}px`).join(", ")})`;
    });
    this.#drawLabels(looks, order);
    this.wedge.setAttribute("d", wedge ? this.#arc(origin, ...wedge.map((i) => this.#tips[i])) : "");
  }

  #drawGrid() {
    const { width, height, tick, toScreen, toPlane } = this.view;
    const state = [width, height, tick, ...toScreen([0, 0])].join();
    if (this.drawn === state) return;
    this.drawn = state;
    const [x0, y0] = toScreen([0, 0]);
    const [[left, top], [right, bottom]] = [toPlane([0, 0]), toPlane([width, height])];
    const line = (kind, x1, y1, x2, y2) => s("line", { class: kind, x1, y1, x2, y2 });
    const word = (kind, text, x, y, anchor) => s("text", { class: kind, x, y, "text-anchor": anchor }, text);
    const minus = (x) => String(x).replace("-", "−");
    const parts = [];
    for (const x of ticks(left, right, tick)) {
      const [at] = toScreen([x, 0]);
      parts.push(line(x ? "grid" : "zero", at, 0, at, height));
      if (at > 30 && at < width - 12) parts.push(word("tick", minus(x), at, height - 4, "middle"));
    }
    for (const y of ticks(bottom, top, tick)) {
      const [, at] = toScreen([0, y]);
      parts.push(line(y ? "grid" : "zero", 0, at, width, at));
      if (at > 12 && at < height - 20) parts.push(word("tick", minus(y), 2, at + 4, "start"));
    }
    if (this.sides) {
      parts.push(word("side", `${this.sides[0]} →`, width - 4, height - 20, "end"));
      parts.push(word("side", `↑ ${this.sides[1]}`, x0 + 6, 14, "start"));
    }
    this.grid.replaceChildren(...parts);
  }

  #drawLabels(looks, order) {
    const { view } = this;
    if (!this.#sizes) {
      const pen = document.createElement("canvas").getContext("2d");
      pen.font = `700 13px ${getComputedStyle(this.svg).fontFamily}`;
      this.#sizes = this.arrows.map(({ text }) => [pen.measureText(text.textContent).width, 15]);
    }
    const origin = view.toScreen([0, 0]);
    const around = ([x, y], r) => [x - r, y - r, x + r, y + r];
    const handled = this.handles.map(({ of }) => of);
    const dots = this.#tips.map((tip, i) => around(tip, handled.includes(i) ? 13 : 3));
    // Along an emphasised arrow, small boxes that labels keep clear of.
    const shafts = order.filter((i) => /strong/.test(looks[i].kind)).flatMap((i) => {
      const [x, y] = this.#tips[i];
      const steps = Math.ceil(Math.hypot(x - origin[0], y - origin[1]) / 8);
      return Array.from({ length: steps }, (_, k) => {
        return around([origin[0] + ((x - origin[0]) * k) / steps, origin[1] + ((y - origin[1]) * k) / steps], 3);
      });
    });
    const labels = order.map((i) => {
      const [dx, dy] = [this.#tips[i][0] - origin[0], this.#tips[i][1] - origin[1]];
      const length = Math.hypot(dx, dy) || 1;
      return { at: this.#tips[i], size: this.#sizes[i], away: [dx / length, dy / length], last: this.#places[i], clear: handled.includes(i) ? 17 : looks[i].dot || 3 };
    });
    placeLabels(labels, [...dots, ...shafts], view).forEach(({ box, place, cover }, k) => {
      const i = order[k];
      this.#places[i] = place;
      const { text, leader } = this.arrows[i];
      text.setAttribute("x", (box[0] + box[2]) / 2);
      text.setAttribute("y", box[3] - 3.5);
      text.setAttribute("text-anchor", "middle");
      const [x, y] = this.#tips[i];
      const [a, b] = [clamp(x, box[0], box[2]), clamp(y, box[1], box[3])];
      leader.setAttribute("d", Math.hypot(a - x, b - y) > FAR ? `M${x} ${y}L${a} ${b}` : "");
      text.style.display = leader.style.display = cover > 0.15 && looks[i].kind === "faint" ? "none" : ""; // the list names it still
    });
  }

  /** The angle at the origin between two tips: an arc, the short way round. */
  #arc([x, y], a, b) {
    const [from, to] = [a, b].map((tip) => Math.atan2(tip[1] - y, tip[0] - x));
    const shorter = Math.min(...[a, b].map((tip) => Math.hypot(tip[0] - x, tip[1] - y)));
    const turn = Math.atan2(Math.sin(to - from), Math.cos(to - from));
    if (shorter < 12 || Math.abs(turn) < 0.02) return "";
    const r = Math.min(46, shorter * 0.5);
    const at = (angle) => `${(x + r * Math.cos(angle)).toFixed(1)} ${(y + r * Math.sin(angle)).toFixed(1)}`;
    return `M${at(from)}A${r} ${r} 0 0 ${turn > 0 ? 1 : 0} ${at(to)}`;
  }

  // What the reader does.

  #at(event) {
    const { left, top } = this.svg.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  #tap(event) {
    if (!this.onpick || event.button !== 0 || event.target.closest(".handle")) return;
    const at = this.#at(event);
    let i = nearest(this.#tips, at, REACH);
    if (i < 0) i = this.arrows.findIndex(({ text }) => text === event.target);
    if (i < 0) return;
    this.onpick(i);
    if (event.pointerType !== "touch") this.#grab(event, i, this.node); // a finger scrolls the page: first tap, then drag the handle
  }

  #grab(event, i, node) {
    if (event.button !== 0) return;
    const start = this.#at(event);
    const tip = this.#tips[i];
    const move = (next) => {
      const [x, y] = this.#at(next);
      this.#dragging ||= Math.hypot(x - start[0], y - start[1]) > 3; // a tap may tremble
      if (this.#dragging) this.#move(i, this.view.toPlane([tip[0] + x - start[0], tip[1] + y - start[1]]), this.view.snap);
    };
    const end = () => {
      this.#dragging = false;
      node.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) node.removeEventListener(name, end);
    };
    node.setPointerCapture(event.pointerId);
    node.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) node.addEventListener(name, end);
  }

  #nudge(event, i) {
    const way = STEPS[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const { stride } = this.view;
    const step = event.shiftKey ? stride / 10 : stride;
    this.#move(i, this.now[i].map((x, c) => (way[c] ? snap(x + way[c] * step, stride / 10) : x)));
  }

  #move(i, point, step = 0) {
    const to = this.view.inside(point).map((x) => (step ? snap(x, step) : x));
    if (to.some((value, c) => value !== this.now[i][c])) this.onmove(i, to);
  }
}
