/** The same for CommonJS: its compilers before `module: node20` take no declarations of an ES module. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- what makes it CommonJS
import fdm = require('./index.js')
export = fdm
