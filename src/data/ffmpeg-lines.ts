/** What ffmpeg said, without the names of its parts at the beginning of each line. */
export function ffmpegLines(words: string | null): string[] {
  const lines = (words ?? '').split('\n').map((line) => line.replace(/^(\[[^\]]*\] )+/, '').trim())
  return lines.filter((line) => line !== '')
}
