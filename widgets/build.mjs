// Bundles src/ into the one file that the site and the kernel load: node build.mjs [outfile]
import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  entryPoints: [here("src/index.js")],
  outfile: process.argv[2] ?? here("../src/self_attention/widgets/widgets.js"),
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "SelfAttention",
  target: "es2022",
  charset: "utf8",
});
