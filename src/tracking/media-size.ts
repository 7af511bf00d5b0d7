import type { Media } from './tracker.js'

/** Width and height in pixels, from the head of a GIF or PNG file. */
export function mediaSize({ kind, bytes }: Media): { readonly width: number; readonly height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return kind === 'gif'
    ? { width: view.getUint16(6, true), height: view.getUint16(8, true) }
    : { width: view.getUint32(16), height: view.getUint32(20) }
}
