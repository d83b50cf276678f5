// Reads a stream from an offset on, and says what it has read, until it is killed.
import { openClient } from '../../../src/client/open-client.ts'

const [path = '', pid = '', from = '0'] = process.argv.slice(2)
for await (const { offset, chunk } of openClient(path).stream(pid, { from: Number(from) }))
  if (typeof chunk === 'string') await new Promise(resolve => process.send!({ offset, chunk }, resolve))
process.disconnect!()
