// Geometry of planes, bars and sliders: where things stand on the screen, what is under the pointer, where labels fit.
// A point is [x, y]; on the screen y points down, and a box is [left, top, right, bottom].

/** The smallest of 1, 2, 5, 10, ... times a power of ten that is at least x > 0. */
export function niceAbove(x) {
  const power = 10 ** Math.floor(Math.log10(x) + 1e-9);
  const factor = [1, 2, 5, 10].find((f) => f * power >= x * (1 - 1e-9));
  return Number((factor * power).toPrecision(12));
}

/** x to the nearest multiple of step, without the dust of 0.1 + 0.2. */
export const snap = (x, step) => Number((Math.round(x / step) * step).toPrecision(12)) || 0;

export const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

const MARGIN = 34; // px between what spans a view and its edge
const [LOWEST, TALLEST] = [220, 400]; // px

/**
 * A view of the plane, as wide as given, that shows the origin and all points in their true proportions.
 * `stray` points (moved by hand) stretch it only if they lie outside.
 */
export function layOut(points, stray, width) {
  const [[x0, x1], [y0, y1]] = span(points);
  const room = 0.12 * Math.max(x1 - x0, y1 - y0) || 1; // around the points, to drag into
  const corners = [[x0 - room, y0 - room], [x1 + room, y1 + room]];
  const view = viewOf(corners, width);
  const outside = stray.filter((point) => view.inside(point).some((x, c) => Math.abs(x - point[c]) * view.unit > 0.01));
  return outside.length ? viewOf([...corners, ...outside], width) : view;
}

/** From the least to the greatest x and y of points and the origin. */
const span = (points) => [0, 1].map((c) => [Math.min(0, ...points.map((p) => p[c])), Math.max(0, ...points.map((p) => p[c]))]);

function viewOf(points, width) {
  const bounds = span(points);
  const [across, up] = bounds.map(([low, high]) => high - low);
  const inner = Math.max(width - 2 * MARGIN, 40);
  const height = clamp((inner * up) / across + 2 * MARGIN, Math.min(LOWEST, width), TALLEST);
  const unit = Math.min(inner / across, (height - 2 * MARGIN) / up); // px of 1
  const centre = bounds.map(([low, high]) => (low + high) / 2);
  const half = [width, height].map((size) => (size / 2 - MARGIN) / unit);
  const tick = niceAbove(52 / unit);
  return {
    width, height, unit, tick, stride: tick / 5, snap: niceAbove(0.7 / unit),
    toScreen: ([x, y]) => [width / 2 + (x - centre[0]) * unit, height / 2 - (y - centre[1]) * unit],
    toPlane: ([left, top]) => [(left - width / 2) / unit + centre[0], (height / 2 - top) / unit + centre[1]],
    /** The nearest point that keeps clear of the edge. */
    inside: (point) => point.map((x, c) => clamp(x, centre[c] - half[c], centre[c] + half[c])),
  };
}

/** Multiples of step from low to high. */
export function ticks(low, high, step) {
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.max(0, Math.floor(high / step + 1e-9) - first + 1);
  return Array.from({ length: count }, (_, k) => snap((first + k) * step, step));
}

/** Which of the points is nearest to `at`, if within reach, else -1; of equally near ones the last, which lies on top. */
export function nearest(points, at, reach) {
  let best = -1;
  let least = reach;
  points.forEach(([x, y], i) => {
    const away = Math.hypot(x - at[0], y - at[1]);
    if (away <= least) [best, least] = [i, away];
  });
  return best;
}

/** The outline of an arrow from a to b, its head `size` long, as an SVG path; only the head's shaft if it is too short. */
export function arrow([ax, ay], [bx, by], size) {
  const length = Math.hypot(bx - ax, by - ay);
  if (length < 1e-6) return "";
  const head = Math.min(size, length);
  const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
  const [nx, ny] = [bx - ux * head, by - uy * head]; // the neck
  const wing = head * 0.45;
  const f = (x) => x.toFixed(1);
  return `M${f(ax)} ${f(ay)}L${f(nx)} ${f(ny)}M${f(bx)} ${f(by)}L${f(nx - uy * wing)} ${f(ny + ux * wing)}L${f(nx + uy * wing)} ${f(ny - ux * wing)}Z`;
}

export const overlap = (a, b) => Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));

// Around a tip: right, left, above, below and the corners, near and then farther.
const PLACES = [4, 11, 26, 42].flatMap((gap) => [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]].map((side) => [gap, ...side]));

/**
 * Where labels fit beside their tips. labels: [{at, size: [width, height], away: direction from the origin, clear: radius of the
 * tip, last: its place the last time}], the most important first; taken: boxes to keep clear of. Returns [{box, place, cover}]: cover is the part that collides.
 */
export function placeLabels(labels, taken, view) {
  const boxes = [...taken];
  return labels.map(({ at: [x, y], size: [w, h], away: [dx, dy], clear = 0, last }) => {
    let best = null;
    PLACES.forEach(([gap, sx, sy], place) => {
      const reach = (gap + clear) * (sx && sy ? 0.7 : 1);
      const left = x + sx * reach - (w / 2) * (1 - sx);
      const top = y + sy * reach - (h / 2) * (1 - sy);
      const box = [left, top, left + w, top + h];
      const inside = overlap(box, [0, 0, view.width, view.height]);
      let cover = w * h - inside;
      for (const other of boxes) cover += overlap(box, other);
      cover /= w * h;
      // Free first; then near, on the side the arrow points to, and where it was.
      const cost = 40 * cover + gap / 10 - (sx * dx + sy * dy) / (Math.hypot(sx, sy) || 1) - (place === last ? 0.8 : 0);
      if (!best || cost < best.cost) best = { box, place, cover, cost };
    });
    boxes.push(best.box);
    return best;
  });
}

/** A bar from zero to x on a scale from low to high, in percent: [start, length]. */
export function bar(x, low, high) {
  const percent = (value) => (100 * (clamp(value, low, high) - low)) / (high - low);
  const [from, to] = [percent(Math.min(0, x)), percent(Math.max(0, x))];
  return [from, to - from];
}

/** Centres of handles for two tips, pushed apart where the tips are closer than `gap`: each can still be touched. */
export function apart([a, b], gap) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const distance = Math.hypot(dx, dy);
  if (distance >= gap) return [a, b];
  const [ux, uy] = distance > 0 ? [dx / distance, dy / distance] : [1, 0];
  const push = (gap - distance) / 2;
  return [[a[0] - ux * push, a[1] - uy * push], [b[0] + ux * push, b[1] + uy * push]];
}
