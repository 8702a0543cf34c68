import assert from "node:assert/strict";
import test from "node:test";
import { colourTable, inkOn } from "../src/frame/colours.js";

globalThis.HTMLElement ??= class {}; // element.js extends it; its numbers need no browser
const { format } = await import("../src/frame/element.js");

test("format: fixed decimals, a true minus sign, no minus zero", () => {
  assert.deepEqual([1.005, -1.5, -0.001, 0.5, 1234.5].map((x) => format(x)), ["1.00", "−1.50", "0.00", "0.50", "1234.50"]);
  assert.equal(format(-0.0004, 3), "0.000");
  assert.equal(format(-0.0006, 3), "−0.001");
  assert.equal(format(2.5, 0), "3");
});

for (const dark of [false, true]) {
  const light = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

  test(`weights are one way from ground to ink, ${dark ? "dark" : "light"}`, () => {
    const table = colourTable("weights", dark).map(light);
    assert.equal(table.length, 256);
    const steps = table.slice(1).map((x, k) => (dark ? x - table[k] : table[k] - x));
    assert.ok(steps.every((step) => step > -0.5), "the scale turns back");
    assert.ok(Math.abs(table[255] - table[0]) > 150, "the ends are too close");
  });

  test(`scores are neutral at zero and differ in hue at the ends, ${dark ? "dark" : "light"}`, () => {
    const table = colourTable("scores", dark);
    const spread = (rgb) => Math.max(...rgb) - Math.min(...rgb);
    assert.ok(spread(table[127]) < 20 && spread(table[128]) < 20, "zero is coloured");
    assert.ok(table[0][0] > table[0][2] && table[255][2] > table[255][0], "negative is orange, positive purple");
  });
}

test("channels are whole numbers from 0 to 255", () => {
  for (const kind of ["weights", "scores"]) {
    for (const colour of [...colourTable(kind, false), ...colourTable(kind, true)]) {
      assert.ok(colour.length === 3 && colour.every((c) => Number.isInteger(c) && c >= 0 && c <= 255), `${kind} ${colour}`);
    }
  }
});

test("ink is the readable one of black and white, at least 4.5 to 1 on every colour of the scales", () => {
  assert.deepEqual([inkOn([255, 255, 255]), inkOn([0, 0, 0]), inkOn([8, 48, 107])], ["#000000", "#ffffff", "#ffffff"]);
  const linear = (c) => ((c / 255) <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  for (const colour of ["weights", "scores"].flatMap((kind) => [...colourTable(kind, false), ...colourTable(kind, true)])) {
    const [a, b] = [luminance(colour), inkOn(colour) === "#ffffff" ? 1 : 0];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    assert.ok(contrast >= 4.5, `${colour}: ${contrast}`);
  }
});
