import type { ReportNumber } from './run-numbers.js'

/** A picture or film that the page carries in itself. */
export interface ReportPicture {
  readonly caption: string
  readonly type: 'image/svg+xml' | 'image/gif' | 'video/mp4'
  readonly bytes: Uint8Array
}

export interface ReportRun {
  /** Short, for the table and charts: `A`. */
  readonly label: string
  readonly folder: string
  /** What the samples were made with: names and values. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly numbers: readonly ReportNumber[]
  readonly pictures: readonly ReportPicture[]
  /** What is not there, and why. */
  readonly notes: readonly string[]
}

export interface Report {
  readonly title: string
  readonly runs: readonly ReportRun[]
  /** Charts that compare the runs. */
  readonly comparisons: readonly ReportPicture[]
  /** What made the page. */
  readonly maker: string
}

/** A page of HTML that needs nothing but itself: numbers, pictures and films of one or several runs. */
export function reportPage({ title, runs, comparisons, maker }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${numbersTable(runs)}
${gallery(comparisons)}
${runs.map(section).join('\n')}
<footer>${escaped(maker)}</footer>
</body>
</html>
`
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 1360px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin: 3rem 0 .5rem; border-top: 1px solid #ddd; padding-top: 1.5rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .9rem; text-align: right; border-bottom: 1px solid #e5e5e5; vertical-align: top; white-space: nowrap; }
tr > :first-child { text-align: left; }
small { display: block; color: #666; font-weight: normal; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0 1rem; }
dt { color: #666; } dd { margin: 0; overflow-wrap: anywhere; }
.gallery { margin-top: 1.5rem; display: flex; flex-wrap: wrap; gap: 1.5rem 2.5rem; align-items: flex-start; }
figure { margin: 0; max-width: 100%; } figcaption { color: #444; margin-bottom: .4rem; }
img, video { max-width: 100%; height: auto; }
.film { image-rendering: pixelated; background: #eee; }
.note { color: #666; } footer { margin: 3rem 0 1rem; color: #888; font-size: .85rem; }
`

/** A row for each kind of number, a column for each run. */
function numbersTable(runs: readonly ReportRun[]): string {
  const keyOf = ({ name, context }: ReportNumber) => `${name}\n${context}`
  const kinds = new Map(runs.flatMap(({ numbers }) => numbers.map((number) => [keyOf(number), number])))
  if (kinds.size === 0) return '<p class="note">Nothing was measured yet.</p>'
  const heads = runs.map(
    ({ label, folder }) => `<th>${escaped(label)}<small>${escaped(lastParts(folder))}</small></th>`,
  )
  const found = runs.map(({ numbers }) => new Map(numbers.map((number) => [keyOf(number), number])))
  const rows = [...kinds].map(([key, { name, context }]) => {
    const cells = found.map((numbers) => cell(numbers.get(key)))
    return `<tr><th>${escaped(name)}<small>${escaped(context)}</small></th>${cells.join('')}</tr>`
  })
  return `<div class="scroll"><table id="numbers">
<thead><tr><td></td>${heads.join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>`
}

function cell(number: ReportNumber | undefined): string {
  if (!number) return '<td>–</td>'
  const { value, detail } = number
  return `<td>${escaped(value)}${detail === '' ? '' : `<small>${escaped(detail)}</small>`}</td>`
}

function section({ label, folder, facts, pictures, notes }: ReportRun): string {
  const list = facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
  return `<section>
<h2>${escaped(label)}: ${escaped(folder)}</h2>
<dl>${list.join('')}</dl>
${gallery(pictures)}
${notes.map((note) => `<p class="note">${escaped(note)}</p>`).join('\n')}
</section>`
}

const gallery = (pictures: readonly ReportPicture[]) =>
  `<div class="gallery">${pictures.map(figure).join('\n')}</div>`

function figure({ caption, type, bytes }: ReportPicture): string {
  const source = `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
  const shown =
    type === 'video/mp4'
      ? `<video class="film" src="${source}" controls loop muted autoplay playsinline></video>`
      : `<img${type === 'image/gif' ? ' class="film"' : ''} src="${source}" alt="${escaped(caption)}">`
  return `<figure><figcaption>${escaped(caption)}</figcaption>${shown}</figure>`
}

/** The run's own folder and the one it is in. */
const lastParts = (folder: string) => folder.split(/[\\/]/).filter(Boolean).slice(-2).join('/')

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
