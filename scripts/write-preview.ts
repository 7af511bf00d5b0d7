import { writeFileAtomic } from '../src/files/write-file.js'
import { attentionPictures, PREVIEW_FPS, previewFilms } from '../src/training/previews/preview-films.js'
import type { Preview } from '../src/training/previews/sample-preview.js'
import { encodeGif } from '../src/video/gif.js'
import { filmGrid } from '../src/video/grid.js'

/**
 * Writes the videos of a preview side by side as `<name>.gif`, and what each attended to as
 * `<name>-attention-<video>.png`.
 */
export function writePreview(name: string, preview: Preview): void {
  const films = previewFilms(preview).map((film) => [film])
  writeFileAtomic(`${name}.gif`, encodeGif(filmGrid(films), PREVIEW_FPS))
  attentionPictures(preview).forEach((picture, video) => {
    writeFileAtomic(`${name}-attention-${video}.png`, picture)
  })
}
