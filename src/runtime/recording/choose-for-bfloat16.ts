import { elementCount } from '../../element-count.js'
import { BFLOAT16_RULES, type Role } from './bfloat16-rules.js'
import type { GraphNode } from './graph-def.js'

/** An operation that computes in bfloat16. */
export interface Bfloat16Operation {
  /** Indices of the inputs that are of this type then. */
  readonly takes: ReadonlySet<number>
  /** The outputs that are of this type then, as `name:index`. */
  readonly results: readonly string[]
}

interface Candidate extends Bfloat16Operation {
  readonly name: string
  readonly role: Role
  /** Where the inputs come from whose type decides. */
  readonly operands: readonly string[]
}

/** TensorFlow's number of the element type float32. */
const FLOAT32 = 1

/**
 * Products of small matrices spend more time on converting numbers than they gain: those of few queries and
 * keys, and those of one row per video. Measured: from none to 16 only the number of operations changes (by
 * two fifths, in a small network), from 32 on steps get slower.
 */
const WORTH_CONVERTING = 16

/**
 * Chooses what is computed in bfloat16, by node name: starts with all operations that could be, and leaves
 * out those that would only add roundings, until there are no more of these.
 * @param nodes each after its inputs
 * @param outputs what the graph returns, which stays in float32
 */
export function chooseForBfloat16(
  nodes: readonly GraphNode[],
  outputs: readonly string[],
): ReadonlyMap<string, Bfloat16Operation> {
  const chosen = new Map(findCandidates(nodes).map((candidate) => [candidate.name, candidate]))
  const usesOf = findUses(nodes, outputs)
  const isTaken = ({ user, index }: Use) => chosen.get(user)?.takes.has(index) === true
  let before: number
  do {
    before = chosen.size
    const rounded = roundedBefore(chosen.values())
    for (const { name, role, operands, results } of [...chosen.values()].reverse()) {
      const follows = operands.every((source) => rounded.has(source))
      const uses = results.flatMap((result) => usesOf.get(result) ?? [])
      const belongs = {
        computes: () => true,
        follows: () => follows,
        bridges: () => follows && uses.some(isTaken),
        moves: () => follows || (uses.length > 0 && uses.every(isTaken)),
      }[role]
      if (!belongs()) chosen.delete(name)
    }
  } while (chosen.size < before)
  return chosen
}

/** The outputs whose numbers are rounded to bfloat16 already where they are computed. */
function roundedBefore(chosen: Iterable<Candidate>): ReadonlySet<string> {
  const rounded = new Set<string>()
  for (const { role, operands, results } of chosen)
    if (role === 'computes' || operands.every((source) => rounded.has(source)))
      for (const result of results) rounded.add(result)
  return rounded
}

function findCandidates(nodes: readonly GraphNode[]): Candidate[] {
  const shapes = new Map(
    nodes.flatMap(({ name, shapes }) => shapes.map((shape, i) => [`${name}:${i}`, shape])),
  )
  return nodes.flatMap(({ name, op, inputs, attributes, shapes: own }) => {
    const rule = BFLOAT16_RULES[op]
    const { T, num_split: parts } = attributes
    if (!rule || !T || !('type' in T) || T.type !== FLOAT32) return []
    const operands = rule.operands(inputs.length)
    if (rule.isProduct) {
      const [a = [], b = []] = operands.map((i) => shapes.get(inputs[i] ?? ''))
      if (multiplicationsPerNumber(a, b, own[0] ?? []) < WORTH_CONVERTING) return []
    }
    const count = parts && 'int' in parts ? Number(parts.int) : (rule.outputs ?? 1)
    return {
      name,
      role: rule.role,
      operands: operands.map((i) => inputs[i] ?? ''),
      takes: new Set([...operands, ...(rule.others ?? [])]),
      results: Array.from({ length: count }, (_, i) => `${name}:${i}`),
    }
  })
}

/** An input of a node; no node for what the graph returns. */
interface Use {
  readonly user: string
  readonly index: number
}

function findUses(
  nodes: readonly GraphNode[],
  outputs: readonly string[],
): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Use[]>()
  const add = (source: string, use: Use) => {
    const known = uses.get(source)
    if (known) known.push(use)
    else uses.set(source, [use])
  }
  for (const { name, inputs } of nodes) inputs.forEach((source, index) => add(source, { user: name, index }))
  for (const output of outputs) add(output, { user: '', index: 0 })
  return uses
}

/** How many there are per number read or written in the product of two matrices, or of stacks of them. */
function multiplicationsPerNumber(
  a: readonly number[],
  b: readonly number[],
  product: readonly number[],
): number {
  const [sizeA, sizeB, size] = [a, b, product].map(elementCount) as [number, number, number]
  const matrices = elementCount(product.slice(0, -2))
  return Math.sqrt((sizeA * sizeB * size) / matrices) / (sizeA + sizeB + size)
}
