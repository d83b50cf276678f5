// What isolated steps do in their thread or process.
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import { FatalError, RetryError, type StepContext, type UndoContext } from 'stepwright'

const main = process.pid

export const double = ({ data }: StepContext<{ n: number }>) => ({ n: data.n * 2, main: isMainThread, pid: main })
export default double

export async function tell({ progress, log, step, attempt, idempotencyKey, pid }: StepContext) {
  progress(1, 2, 'half')
  log('hello', { attempt, at: new Date(0) })
  await delay(1)
  for (let i = 0; i < 100; i++) log(`line ${i}`)
  return [step, idempotencyKey === `${pid}:${step}`]
}

export function loop(): null {
  for (;;);
}

export async function obey({ data, signal, progress }: StepContext<{ file: string }>): Promise<never> {
  progress(1)
  await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  writeFileSync(`${data.file}.part`, `told: ${(signal.reason as Error).message}`)
  renameSync(`${data.file}.part`, data.file)
  throw signal.reason
}

export const exit = (): never => process.exit(3)

export function crash(): never {
  process.abort()
}

export function exhaust({ attempt }: StepContext): string {
  if (attempt > 1) return 'second attempt'
  const hoard: number[][] = []
  for (;;) hoard.push(Array.from({ length: 1_000_000 }, (_, n) => n))
}

/** Told in a file, and never done while a host is to be killed. */
export async function middle({ data, attempt }: StepContext<{ effects: string }>): Promise<string> {
  appendFileSync(data.effects, `ran apart ${attempt}\nmiddle\n`)
  if (attempt === 1) await new Promise(resolve => setInterval(resolve, 2 ** 30))
  return `attempt ${attempt}`
}

export const bad = () => ({ at: new Date() })
export const services = ({ services: given }: StepContext) => given

export function flaky({ attempt }: StepContext): number {
  if (attempt === 1) throw new RetryError('not yet', { after: 0, cause: new RangeError('why') })
  if (attempt === 2) throw new FatalError('never')
  return attempt
}

export const environment = ({ data }: StepContext<{ name: string }>) => process.env[data.name] ?? null

export const number = 5

/** Does two things once; between them the first attempt fails. */
export async function twice({ data, attempt, once }: StepContext<{ file: string }>): Promise<string[]> {
  const told = (name: string) =>
    once(name, ({ idempotencyKey }) => (appendFileSync(data.file, `${name}\n`), idempotencyKey), { retry: 2 })
  const first = await told('first')
  if (attempt === 1) throw new Error('between')
  return [first, await told('second')]
}

export async function writes({ write, once }: StepContext): Promise<void> {
  write('begins')
  await once('part', ({ write: say }) => say('half'))
  write({ done: true })
}

export function undoes({ output, error, reason, log }: UndoContext): void {
  log('undone', { output, reason, message: error.message })
}
