import assert from "node:assert/strict";
import test from "node:test";
import { apart, arrow, bar, clamp, layOut, nearest, niceAbove, overlap, placeLabels, snap, ticks } from "../src/maths/plane.js";

const near = (a, b, by = 1e-9) => a.forEach((x, c) => assert.ok(Math.abs(x - b[c]) <= by, `${a} is not ${b}`));

// Some hundred planes: from one point to 60, tiny and huge, at a phone's and a desk's width.
const planes = [];
let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
for (const size of [1e-4, 1, 37, 1e6]) {
  for (const n of [1, 2, 5, 60]) {
    for (const width of [160, 330, 700]) {
      const points = Array.from({ length: n }, () => [random() * size, random() * size * (n % 2 ? 0.05 : 1)]);
      planes.push([points, layOut(points, [], width)]);
    }
  }
}

test("numbers: nice steps, snapping, bounds", () => {
  assert.deepEqual([1, 1.01, 2, 4.9, 5, 7, 10, 0.03, 0.1, 123, 1e-300].map(niceAbove), [1, 2, 2, 5, 5, 10, 10, 0.05, 0.1, 200, 1e-300]);
  assert.deepEqual([snap(0.1 + 0.2, 0.1), snap(-0.04, 0.1), snap(7.3, 0.5), snap(123456.7, 1e4)], [0.3, 0, 7.5, 120000]);
  assert.ok(Object.is(snap(-0.01, 1), 0), "no minus zero");
  assert.deepEqual([clamp(-1, 0, 2), clamp(1, 0, 2), clamp(3, 0, 2)], [0, 1, 2]);
  assert.deepEqual(ticks(-1.1, 1, 0.5), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(ticks(0.1, 0.3, 0.1), [0.1, 0.2, 0.3]);
});

test("the view shows the origin and every point, and leaves room to drag", () => {
  for (const [points, view] of planes) {
    for (const [x, y] of [[0, 0], ...points].map(view.toScreen)) {
      assert.ok(x > 20 && x < view.width - 20 && y > 20 && y < view.height - 20, `${x}, ${y} in ${view.width} x ${view.height}`);
    }
    assert.ok(view.height >= Math.min(220, view.width) && view.height <= 400);
  }
});

test("screen and plane are each other's inverse, y points up, and a unit is as long across as up", () => {
  for (const [points, view] of planes) {
    for (const point of points) near(view.toPlane(view.toScreen(point)), point, 1e-9 * (1 + Math.hypot(...point)));
    const [[x0, y0], [x1], [, y2]] = [[0, 0], [1, 0], [0, 1]].map(view.toScreen);
    near([x1 - x0, y0 - y2], [view.unit, view.unit], 1e-6 * view.unit + 1e-6);
  }
});

test("grid lines, arrow keys and the mouse go by steps that fit the screen", () => {
  for (const [, { unit, tick, stride, snap: fine }] of planes) {
    assert.ok(tick * unit >= 52 && tick * unit <= 131, `${tick * unit} px`);
    assert.ok(stride * unit >= 10 && stride * unit < 27);
    assert.ok(fine * unit >= 0.69 && fine * unit < 1.8);
  }
});

test("a point moved far away stretches the view, one inside leaves it as it is", () => {
  const points = [[3, 1], [-1, 2]];
  const view = layOut(points, [], 400);
  const same = layOut(points, [view.inside([99, 99]), view.inside([-99, -99])], 400);
  assert.deepEqual(same.toScreen([1, 1]), view.toScreen([1, 1]));
  const wide = layOut(points, [[50, 0]], 400);
  assert.ok(wide.toScreen([50, 0])[0] <= 400 && wide.unit < view.unit / 5);
  assert.deepEqual(wide.inside([50, 0]), [50, 0]);
});

test("a drag stays inside the view, and what is inside stays where it is", () => {
  for (const [points, view] of planes) {
    for (const point of points) near(view.inside(point), point, 1e-9 * (1 + Math.hypot(...point)));
    const [x, y] = view.toScreen(view.inside([1e9, -1e9]));
    near([x, y], [view.width - 34, view.height - 34], 1e-3);
  }
});

test("hit test: the nearest within reach, else none; of two at one place the upper", () => {
  const points = [[0, 0], [10, 0], [10, 0], [50, 50]];
  assert.deepEqual([[3, 0], [9, 1], [50, 70], [50, 73]].map((at) => nearest(points, at, 22)), [0, 2, 3, -1]);
});

test("an arrow ends at its tip, its head no longer than itself", () => {
  assert.equal(arrow([0, 0], [100, 0], 10), "M0.0 0.0L90.0 0.0M100.0 0.0L90.0 4.5L90.0 -4.5Z");
  assert.equal(arrow([5, 5], [5, 9], 10), "M5.0 5.0L5.0 5.0M5.0 9.0L3.2 5.0L6.8 5.0Z");
  assert.equal(arrow([5, 5], [5, 5], 10), "");
});

const label = (at, width = 40) => ({ at, size: [width, 14], away: [1, 0], clear: 3 });
const view = { width: 400, height: 300 };

test("labels: on the outer side, not on each other, not on what is taken, not outside", () => {
  const [alone] = placeLabels([label([100, 100])], [], view);
  assert.ok(alone.box[0] > 100 && alone.cover === 0);
  const crowd = Array.from({ length: 20 }, (_, i) => label([60 + (i % 5) * 70, 60 + Math.floor(i / 5) * 40]));
  const dots = crowd.map(({ at: [x, y] }) => [x - 3, y - 3, x + 3, y + 3]);
  const placed = placeLabels(crowd, dots, view);
  placed.forEach(({ box, cover }, i) => {
    assert.equal(cover, 0, `label ${i} covers something`);
    for (const dot of dots) assert.equal(overlap(box, dot), 0);
    placed.slice(0, i).forEach((other) => assert.equal(overlap(box, other.box), 0));
    assert.ok(box[0] >= 0 && box[1] >= 0 && box[2] <= 400 && box[3] <= 300);
  });
  const [edge] = placeLabels([label([395, 100])], [], view);
  assert.ok(edge.box[2] <= 400 && edge.cover === 0);
});

test("labels: one that no longer fits says how much it covers; the first keeps the best place", () => {
  const placed = placeLabels(Array.from({ length: 60 }, () => label([50, 50], 90)), [], { width: 120, height: 100 });
  assert.equal(placed[0].cover, 0);
  assert.ok(placed.at(-1).cover > 0.9);
});

test("labels: while a tip moves a little, its label keeps its side", () => {
  const place = (angle, last) => placeLabels([{ ...label([200, 150]), away: [Math.cos(angle), Math.sin(angle)], last }], [], view)[0].place;
  const before = place(-0.5);
  assert.notEqual(place(-0.3), before);
  assert.equal(place(-0.3, before), before);
});

test("a bar goes from zero to its number, in percent of the scale, and no farther", () => {
  assert.deepEqual([bar(3, 0, 4), bar(-1, -2, 2), bar(1, -2, 2), bar(0, -1, 1), bar(9, 0, 4)], [[0, 75], [25, 25], [50, 25], [50, 0], [0, 100]]);
});

test("handles of tips that are close stand side by side, and meet their tips' middle", () => {
  for (const [a, b] of [[[5, 5], [5, 5]], [[0, 0], [3, 4]], [[10, 0], [0, 0]]]) {
    const [c, d] = apart([a, b], 30);
    near([Math.hypot(d[0] - c[0], d[1] - c[1])], [30]);
    near([c[0] + d[0], c[1] + d[1]], [a[0] + b[0], a[1] + b[1]]);
    assert.ok((b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1]) >= 0); // none changes sides
  }
  assert.deepEqual(apart([[0, 0], [40, 0]], 30), [[0, 0], [40, 0]]);
});
