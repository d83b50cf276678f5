#!/usr/bin/env node
import { processIo } from './io.ts'
import { run } from './run-command.ts'

// No `process.exit`: what is written to a pipe may still be on its way.
process.exitCode = await run(process.argv.slice(2), processIo())
