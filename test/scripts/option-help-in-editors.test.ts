import path from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { withOptionHelp } from '../../scripts/with-option-help.js'
import * as model from '../../src/config/model.js'
import * as training from '../../src/config/training.js'

const PROGRAM = `import { resolveModelConfig, resolveTrainConfig } from '../src/config/strict-configs.js'
const model = resolveModelConfig({ num_channels: 32, diffusion_steps: 100 })
const config = resolveTrainConfig({ lr: 1e-3, max_frames: 8 })
export const fields = [config.num_heads, config.weight_decay, config.dataset, model.noise_schedule]
`

/** The declarations of `src/config` as the build makes them, by path below an imagined folder. */
function builtDeclarations(): Map<string, string> {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile('tsconfig.json', (name) => ts.sys.readFile(name)).config,
    ts.sys,
    '.',
  )
  const emit = {
    ...options,
    noEmit: false,
    emitDeclarationOnly: true,
    outDir: path.resolve('built'),
    rootDir: '.',
  }
  const files = new Map<string, string>()
  ts.createProgram(['src/config/strict-configs.ts'], emit).emit(undefined, (name, text) => {
    const tables = name.endsWith('config/model.d.ts')
      ? model
      : name.endsWith('config/training.d.ts')
        ? training
        : {}
    files.set(name, withOptionHelp(text, { ...tables }))
  })
  return files
}

it('editors show what --help says at the fields of configurations', { timeout: 120_000 }, () => {
  const files = builtDeclarations()
  const program = path.resolve('built/test/program.ts')
  files.set(program, PROGRAM)
  const service = ts.createLanguageService({
    getCompilationSettings: () => ({
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      strict: true,
    }),
    getScriptFileNames: () => [program],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const text = files.get(name) ?? ts.sys.readFile(name)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => process.cwd(),
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (name) => files.has(name) || ts.sys.fileExists(name),
    readFile: (name) => files.get(name) ?? ts.sys.readFile(name),
  })
  expect(service.getSemanticDiagnostics(program)).toEqual([])
  const shown = (name: string) => {
    const info = service.getQuickInfoAtPosition(program, PROGRAM.search(new RegExp(`\\b${name}\\b`)))
    return ts.displayPartsToString(info?.documentation)
  }
  // In what is given, and in what comes back.
  expect(shown('num_channels')).toBe('channels of the first level; deeper levels have multiples of it (at least 32; default 128)') // prettier-ignore
  expect(shown('diffusion_steps')).toBe('steps of the diffusion process (at least 1; default 1000)')
  expect(shown('lr')).toBe('learning rate of AdamW (at least 0; default 0.0001)')
  expect(shown('max_frames')).toBe('K: most frames the network takes at once (at least 1; default 20)')
  expect(shown('num_heads')).toBe('attention heads (at least 1; default 4)')
  expect(shown('weight_decay')).toBe('decoupled weight decay of AdamW (at least 0; default 0)')
  expect(shown('dataset')).toMatch(/^what to learn from; .* \(one of .*toy_town/)
  expect(shown('noise_schedule')).toBe('noise schedule (one of linear, cosine; default linear)')
  const entry = service.getCompletionEntryDetails(program, PROGRAM.indexOf('lr: 1e-3'), 'microbatch', {}, undefined, {}, undefined) // prettier-ignore
  expect(ts.displayPartsToString(entry?.documentation)).toMatch(
    /^videos whose gradients are computed at once/,
  )
})

it('help stands once above each option, also if it was there or has changed, and ends where it ends', () => {
  const table = { lr: { kind: 'float', default: 1, help: 'rate */ of' } }
  const declarations = `export declare const options: {
    readonly lr: {
        readonly kind: "float";
    };
    readonly other: {
    };
};
export interface Run {
    /** Its own. */
    readonly lr: {
        readonly x: 1;
    };
}
`
  const once = withOptionHelp(declarations, { options: table })
  expect(once).toBe(
    declarations.replace('    readonly lr', '    /** rate * / of (default 1) */\n    readonly lr'),
  )
  expect(withOptionHelp(once, { options: table })).toBe(once)
  const changed = withOptionHelp(once, { options: { lr: { ...table.lr, help: 'speed' } } })
  expect(changed).toBe(
    declarations.replace('    readonly lr', '    /** speed (default 1) */\n    readonly lr'),
  )
})
