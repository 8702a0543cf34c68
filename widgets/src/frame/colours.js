// Colour scales. Weights: sequential, fixed from 0 to 1. Scores: diverging, centred on zero.
// Blue and purple-orange survive the common colour-vision deficiencies (ColorBrewer).
const SCALES = {
  light: {
    weights: ["#f7fbff", "#c6dbef", "#6baed6", "#2171b5", "#08306b"],
    scores: ["#b35806", "#f1a340", "#fee0b6", "#f7f7f7", "#d8daeb", "#998ec3", "#542788"],
  },
  dark: {
    weights: ["#131a24", "#143a5e", "#1f6fb0", "#62b4ef", "#e6f4ff"],
    scores: ["#ffa657", "#b5651d", "#573a20", "#1b2029", "#38355f", "#7467c0", "#c4b5fd"],
  },
};

const channels = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));

/** 256 colours of a scale, as [r, g, b] triples. */
export function colourTable(kind, dark) {
  const stops = SCALES[dark ? "dark" : "light"][kind].map(channels);
  return Array.from({ length: 256 }, (_, k) => {
    const at = (k / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    return stops[low].map((c, i) => Math.round(c + (at - low) * (stops[low + 1][i] - c)));
  });
}

/** Black or white, whichever contrasts more with [r, g, b] (WCAG relative luminance). */
export function inkOn([r, g, b]) {
  const linear = (c) => ((c / 255) <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  return luminance > 0.179 ? "#000000" : "#ffffff";
}
