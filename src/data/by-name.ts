/** Order of file names: numbers by value, so that `2.npy` comes before `10.npy`; the same on every machine. */
export const byName: (a: string, b: string) => number = new Intl.Collator('en', { numeric: true }).compare
