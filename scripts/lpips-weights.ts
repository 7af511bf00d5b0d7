/** The folder of LPIPS's weights as given, or as the variable LPIPS_WEIGHTS says; neither: undefined. */
export function lpipsWeights(given: string | undefined): string | undefined {
  return given ?? (process.env.LPIPS_WEIGHTS === '' ? undefined : process.env.LPIPS_WEIGHTS)
}
