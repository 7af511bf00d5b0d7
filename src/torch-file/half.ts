/** 16-bit floating point, as bits: Node 20 has no Float16Array, and no JavaScript has bfloat16. */

/** IEEE 754 half precision (1 sign, 5 exponent, 10 fraction bits) to a number, exactly. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** The nearest half to a number, ties to even; beyond 65504 infinity. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size >= 65520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24)
  const exponent = exponentOf(size)
  // A fraction that rounds up to 2048 carries into the exponent, which is what the addition does.
  return sign | (((exponent + 14) << 10) + roundToEven(size * 2 ** (10 - exponent)))
}

/** bfloat16 (the upper half of a float32) to a number, exactly. */
export function bfloat16ToNumber(bits: number): number {
  word[0] = bits << 16
  return float[0] ?? NaN
}

/** The nearest bfloat16 to a number, ties to even. */
export function numberToBfloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0
  float[0] = value
  const bits = word[0] ?? 0
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

const float = new Float32Array(1)
const word = new Uint32Array(float.buffer)

/** The power of two at or below a positive number inside the range of float32. */
function exponentOf(size: number): number {
  const exponent = Math.floor(Math.log2(size))
  // log2 may round up to a power of two that the number does not reach.
  return 2 ** exponent > size ? exponent - 1 : exponent
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
