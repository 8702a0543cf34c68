// A safetensors file: 8 bytes for the length of the header, the header as JSON, then the numbers; and the file as text.

// Bytes of a number, and how to read one.
const KINDS = {
  F16: [2, (view, at) => half(view.getUint16(at, true))],
  F32: [4, (view, at) => view.getFloat32(at, true)],
};

const POWERS = Array.from({ length: 31 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));

/** The number that the 16 bits of a float16 spell. */
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? fraction + 1024 : fraction) * POWERS[exponent];
}

/** From bytes (Uint8Array) to {facts, tensors: {name: {shape, data: Float64Array}}}; the facts are what nn.save keeps. */
export function readSafetensors(bytes) {
  const refuse = (why) => { throw new Error(`not the weights of a model: ${why}`); };
  const parse = (text, what) => {
    try { return JSON.parse(text); } catch { return refuse(`${what} is not JSON`); }
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? Infinity : Number(view.getBigUint64(0, true));
  if (length > bytes.length - 8) refuse(`${bytes.length} bytes hold no header`);
  const { __metadata__: more, ...header } = parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)), "the header");
  const facts = parse(more?.facts ?? "", "what stands beside the weights");
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of Object.entries(header)) {
    if (!KINDS[dtype]) refuse(`${name} is ${dtype}, expected F16 or F32`);
    const [size, read] = KINDS[dtype];
    const data = new Float64Array(shape.reduce((a, b) => a * b, 1));
    const from = 8 + length + start;
    if (end - start !== data.length * size || start < 0 || 8 + length + end > bytes.length) refuse(`${name} is cut off`);
    for (let k = 0; k < data.length; k++) data[k] = read(view, from + size * k);
    tensors[name] = { shape, data };
  }
  return { facts, tensors };
}

/** The bytes of a safetensors file, from the text that `packed` of widgets/_model.py makes of them. */
export async function unpack(text) {
  let bytes;
  try {
    const deflated = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new Error("not the weights of a model: they do not unpack");
  }
  const odd = Math.ceil(bytes.length / 2); // where the odd bytes begin
  return bytes.map((_, k) => bytes[k % 2 ? odd + (k - 1) / 2 : k / 2]);
}
