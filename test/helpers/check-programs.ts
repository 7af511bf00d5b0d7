import path from 'node:path'
import ts from 'typescript'

/**
 * What the compiler says, with the project's strict settings, of programs that import the package.
 * @param programs text by file name; the files need not exist, but their folders do
 * @param overrides settings that are not the project's
 * @returns by file name, one line for each error, beginning with the number of the line
 */
export function checkPrograms(
  programs: Readonly<Record<string, string>>,
  overrides: ts.CompilerOptions = {},
): Record<string, string[]> {
  const texts = new Map(Object.entries(programs).map(([name, text]) => [path.resolve(name), text]))
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile('tsconfig.json', (name) => ts.sys.readFile(name)).config,
    ts.sys,
    '.',
  )
  const settings: ts.CompilerOptions = {
    ...options,
    noEmit: true,
    incremental: false,
    paths: { 'flexible-video-diffusion': [path.resolve('src/index.ts')] },
    ...overrides,
  }
  const disk = ts.createCompilerHost(settings)
  const host: ts.CompilerHost = {
    ...disk,
    readFile: (name) => texts.get(name) ?? disk.readFile(name),
    fileExists: (name) => texts.has(name) || disk.fileExists(name),
    getSourceFile: (name, language, ...rest) => {
      const text = texts.get(name)
      return text === undefined
        ? disk.getSourceFile(name, language, ...rest)
        : ts.createSourceFile(name, text, language)
    },
  }
  const program = ts.createProgram([...texts.keys()], settings, host)
  return Object.fromEntries(
    Object.keys(programs).map((name) => {
      const file = program.getSourceFile(path.resolve(name))
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
      return [name, found.map(described)]
    }),
  )
}

function described({ file, start = 0, messageText }: ts.Diagnostic): string {
  const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1
  return `${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
}
