import { tf } from '../tf.js'

interface Scope {
  readonly name: string
}

/** How the engine names the scope of an operation of the tensor library. */
const SUFFIX = '__op'

/** The tensor library's names of the operations under way, outermost first. */
export function operationsUnderWay(): string[] {
  const { scopeStack } = tf.engine().state as unknown as { readonly scopeStack: readonly Scope[] }
  return scopeStack.flatMap(({ name }) => (name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : []))
}

/** What to call the code that is running, in an error. */
export function currentOperation(): string {
  const name = operationsUnderWay().at(-1)
  return name === undefined ? 'the function' : `the operation ${name}`
}
