/** Told that the program is about to draw a random number on the host, and with what. */
type Listener = (what: string) => void

let listener: Listener | undefined

/** To be called by what draws random numbers on the host: throws where these would be frozen into a recording. */
export function drawsOnHost(what: string): void {
  listener?.(what)
}

/** Runs code of which every draw on the host is reported: by JavaScript's own generators and by ours. */
export function whileListening<T>(to: Listener, run: () => T): T {
  const before = listener
  const uncover = [
    cover(Math, 'random', () => to('Math.random')),
    cover(globalThis.crypto, 'getRandomValues', () => to('crypto.getRandomValues')),
    cover(globalThis.crypto, 'randomUUID', () => to('crypto.randomUUID')),
  ]
  listener = to
  try {
    return run()
  } finally {
    listener = before
    for (const restore of uncover) restore()
  }
}

/** Puts a function in front of a method; the result takes it away again. */
function cover<T extends object>(owner: T, name: keyof T & string, first: () => void): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name)
  const method = owner[name] as (...args: unknown[]) => unknown
  const value = (...args: unknown[]) => {
    first()
    return method.apply(owner, args)
  }
  Object.defineProperty(owner, name, { value, configurable: true, writable: true })
  return () => {
    if (own) Object.defineProperty(owner, name, own)
    else Reflect.deleteProperty(owner, name)
  }
}
