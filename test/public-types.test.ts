import path from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

/** Types that only compute others: a program never has to name them. */
const COMPUTED = new Set(['ConfigOf', 'Given'])
const source = path.resolve('src')

it('the package exports every type that its public declarations mention', { timeout: 120_000 }, () => {
  const index = path.join(source, 'index.ts')
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile('tsconfig.json', (name) => ts.sys.readFile(name)).config,
    ts.sys,
    '.',
  )
  const program = ts.createProgram([index], { ...options, noEmit: true })
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(index)
  const symbol = file && checker.getSymbolAtLocation(file)
  const original = (name: ts.Symbol) =>
    name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name
  const exported = new Set(symbol ? checker.getExportsOfModule(symbol).map(original) : [])
  expect(exported.size).toBeGreaterThan(80)
  const missing = new Set<string>()
  const visit = (node: ts.Node): void => {
    // What a function does inside is no part of its declaration.
    if (ts.isBlock(node)) return
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      const name = checker.getSymbolAtLocation(ts.isTypeReferenceNode(node) ? node.typeName : node.expression)
      const named = name && original(name)
      const isOurs = named?.declarations?.[0]?.getSourceFile().fileName.startsWith(source) === true
      const isParameter = named !== undefined && (named.flags & ts.SymbolFlags.TypeParameter) !== 0
      if (named && isOurs && !isParameter && !exported.has(named) && !COMPUTED.has(named.name))
        missing.add(named.name)
    }
    ts.forEachChild(node, visit)
  }
  for (const { declarations = [] } of exported) declarations.forEach(visit)
  expect([...missing]).toEqual([])
})
