import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** A Chromium on this machine: what the variable CHROMIUM names, or one on the path. */
export function findBrowser(): string | undefined {
  const candidates = process.env.CHROMIUM ? [process.env.CHROMIUM] : NAMES
  return candidates.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)
}

/** A page from disk as it is once it and all that is in it are loaded, without a network. */
export function loadedPage(browser: string, file: string): string {
  const profile = mkdtempSync(path.join(tmpdir(), 'browser-'))
  try {
    const settings = [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--mute-audio'],
      ...[`--user-data-dir=${profile}`, '--host-resolver-rules=MAP * ~NOTFOUND', '--timeout=30000'],
    ]
    return execFileSync(browser, [...settings, '--dump-dom', `file://${path.resolve(file)}`], {
      ...{ encoding: 'utf8', maxBuffer: 1e8, stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 },
    })
  } finally {
    rmSync(profile, { recursive: true, force: true })
  }
}
