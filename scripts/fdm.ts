#!/usr/bin/env node
import { commands } from './commands.js'
import { main } from './main.js'
import { runProgram } from './program.js'

await main((terminal) => runProgram(commands, process.argv.slice(2), terminal))
