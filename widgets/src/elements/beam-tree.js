// A beam search as a tree, in SVG: a column for each step, a node for each continuation, kept or dropped.
import { format } from "../frame/element.js";

const ROW = { kept: 40, dropped: 24 }; // px
const GAP = 30; // px between columns, for the lines
const LETTER = 7.6; // px, about

function s(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const TREE_STYLE = `
.tree { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--well); max-width: 100%; }
.tree svg { display: block; font-size: 13px; }
.tree text { fill: var(--text); text-anchor: middle; }
.tree .p { fill: var(--muted); font-size: 11px; }
.tree .dropped text { fill: var(--muted); font-size: 11.5px; }
.tree path { fill: none; stroke: var(--line); }
.tree path.alive { stroke: var(--muted); stroke-width: 1.5; }
.tree path.won { stroke: var(--mark); stroke-width: 3; }
.tree rect { fill: var(--surface); stroke: var(--line); }
.tree .alive rect { stroke: var(--muted); }
.tree .won rect { stroke: var(--mark); stroke-width: 2; }
.tree .won .word { font-weight: 700; }
.tree .ended rect { stroke-dasharray: 4 2; }
`;

/** How tall the tree of a beam is at most. */
export const treeHeight = (width) => 16 + width * (ROW.kept + ROW.dropped);

/** Where the nodes of a tree stand: {width, height, nodes: [{beginning, kept, x, y, w, parent}]}, parents first. */
export function layOut(columns, root, name) {
  const places = new Map();
  const most = Math.max(...columns.map(({ kept }) => kept.length), 1);
  let x = 8;
  const column = (kept, dropped) => {
    const letters = Math.max(...kept.map(({ id }) => name(id).length), ...dropped.map(({ id }) => name(id).length + 4)); // 4: " 0.5"
    const w = letters * LETTER + 16;
    kept.forEach((beginning, k) => places.set(beginning, { beginning, kept: true, x, w, y: 12 + (k + 0.5) * ROW.kept - 4 }));
    dropped.forEach((beginning, k) => places.set(beginning, {
      beginning, kept: false, x, w, y: 12 + most * ROW.kept + (k + 0.5) * ROW.dropped - 2,
    }));
    x += w + GAP;
  };
  column([root], []);
  for (const { kept, dropped } of columns) column(kept, dropped);
  for (const [beginning, place] of places) place.parent = places.get(beginning.before);
  const rows = Math.max(...columns.map(({ dropped }) => dropped.length), 0);
  return { width: x - GAP + 8, height: 16 + most * ROW.kept + rows * ROW.dropped, nodes: [...places.values()] };
}

/**
 * The tree as an SVG element. alive: the beginnings that led to a sentence that was found; won: to the one shown;
 * name(id): a word.
 */
export function drawTree({ columns, root, found, shown, name, label }) {
  const { width, height, nodes } = layOut(columns, root, name);
  const alive = new Set(found.flatMap((one) => one.path));
  const won = new Set(shown.path);
  const state = ({ beginning, kept }) => (won.has(beginning) ? "won" : alive.has(beginning) ? "alive" : kept ? "kept" : "dropped");
  const rank = { dropped: 0, kept: 1, alive: 2, won: 3 };
  const lines = nodes.filter(({ parent }) => parent).sort((a, b) => rank[state(a)] - rank[state(b)]).map((node) => {
    const { parent, x, y } = node;
    const from = parent.x + parent.w;
    return s("path", { class: state(node), d: `M${from} ${parent.y}C${from + GAP * 0.6} ${parent.y} ${x - GAP * 0.6} ${y} ${x} ${y}` });
  });
  const boxes = nodes.map((node) => {
    const { beginning, kept, x, y, w } = node;
    const word = name(beginning.id);
    const chance = beginning.before ? Math.exp(beginning.before.logs[beginning.id]) : 1;
    const said = [...beginning.path.slice(1).map(({ id }) => name(id))].join(" ") || word;
    const children = [s("title", {}, `${said}: log-probability ${format(beginning.logProbability, 3)}, this word ${format(chance, 3)}${kept ? "" : ", dropped"}`)];
    if (kept) children.push(s("rect", { x, y: y - 16, width: w, height: 32, rx: 5 }));
    children.push(s("text", { class: "word", x: x + w / 2, y: y + (kept ? -2 : 4) }, kept ? word : `${word} ${format(chance)}`));
    if (kept && beginning.before) children.push(s("text", { class: "p", x: x + w / 2, y: y + 11 }, format(chance)));
    return s("g", { class: `${state(node)}${beginning.ended ? " ended" : ""}` }, ...children);
  });
  return s("svg", { role: "img", "aria-label": label, width, height, viewBox: `0 0 ${width} ${height}` }, ...lines, ...boxes);
}
