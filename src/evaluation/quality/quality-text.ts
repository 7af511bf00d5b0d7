import { METRICS } from './measure-quality.js'
import type { Quality, QualitySummary } from './summarise-quality.js'

/** Names and units, with which end is the good one. */
export const METRIC_TITLES = {
  psnr: { name: 'PSNR', note: 'dB, more is better', digits: 2 },
  ssim: { name: 'SSIM', note: 'more is better', digits: 4 },
  lpips: { name: 'LPIPS', note: 'less is better', digits: 4 },
} as const

/**
 * The numbers as a table, with standard errors over videos where there are several.
 * @param samples how many of each video
 */
export function qualityText(quality: Quality, samples: number): string {
  const rows = METRICS.flatMap((metric) => {
    const measured = quality[metric]
    const { name, note, digits } = METRIC_TITLES[metric]
    if (!measured) return []
    const cells = [measured.mean, ...(samples > 1 ? [measured.best] : [])].map((one) => cell(one, digits))
    return [[name, ...cells, note]]
  })
  const heading = ['', samples > 1 ? `mean of ${samples} samples` : 'mean', ...(samples > 1 ? [`best of ${samples}`] : []), ''] // prettier-ignore
  const table = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

function cell({ value, standardError }: QualitySummary, digits: number): string {
  const error = standardError === undefined ? '' : ` ± ${standardError.toFixed(digits)}`
  return value.toFixed(digits) + error
}
