import type { JsonItems } from './records.js'

/** A value as W&B's JSON, which has NaN, Infinity and -Infinity too. */
function toJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return JSON.stringify(value ?? null)
}

/** Values as JSON text by name. */
export function jsonItems(values: Readonly<Record<string, unknown>>): JsonItems {
  return new Map(Object.entries(values).map(([name, value]) => [name, toJson(value)]))
}

/** One JSON object of values that are JSON already. */
export function joinItems(items: JsonItems): string {
  return `{${[...items].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`
}
