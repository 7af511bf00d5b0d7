/** A number as Python's `repr` of a float spells it: 1 is `1.0`, 0.00001 is `1e-05`. File names have it. */
export function pythonFloat(value: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power < -4 || power >= 16)
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
