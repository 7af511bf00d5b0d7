import { readdirSync } from 'node:fs'
import path from 'node:path'
import { isFolder } from '../../files/make-folder.js'
import { byName } from '../by-name.js'
import { decodeVideo } from '../decode-video.js'
import type { PublishedVideo, PublishedVideos } from './published-videos.js'

const FILM_NAME = /^[^.].*\.(mp4|avi|mov|mkv|webm)$/is

/**
 * Films in `train/` and `test/`, in the folder or in one that lies in it, in the order of their names.
 * @returns undefined if there are no such folders
 */
export function filmFolders(folder: string): PublishedVideos | undefined {
  const inside = readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort(byName)
  const roots = [folder, ...inside.map((name) => path.join(folder, name))]
  const root = roots.find((place) => ['train', 'test'].every((split) => isFolder(path.join(place, split))))
  if (root === undefined) return undefined
  const films = (split: string) => filmsIn(path.join(root, split))
  const [train, test] = [films('train'), films('test')]
  return train.length + test.length > 0 ? { train, test, form: 'folders of films' } : undefined
}

function filmsIn(folder: string): PublishedVideo[] {
  const names = readdirSync(folder).filter((name) => FILM_NAME.test(name))
  return names.sort(byName).map((name) => {
    const file = path.join(folder, name)
    return { name: file, frames: (size, program, signal) => decodeVideo(file, { size, program }, signal) }
  })
}
