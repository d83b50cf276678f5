import type { MemoryInfo, ProcessInfo } from '../../index.ts'
import { printable } from '../printable.ts'
import type { View } from '../screen.ts'
import { table, type Column } from './table.ts'
import { relative, span } from './time.ts'

/** Only the newest of more are shown. */
const MAX_SHOWN = 10

/** What the steps that have not finished remember, newest last. */
export function memoryLines({ steps }: ProcessInfo, memories: readonly MemoryInfo[], view: View): string[] {
  const open = new Set(
    steps.filter(({ status }) => status !== 'finished' && status !== 'skipped').map(step => step.name),
  )
  const all = memories.filter(({ step }) => open.has(step))
  const shown = all.slice(-MAX_SHOWN)
  const columns: Column<MemoryInfo>[] = [
    {
      title: '',
      cell: ({ step, item }) => printable(item === undefined ? step : `${step} ${item}`),
      style: () => 'dim',
    },
    { title: '', cell: ({ name }) => printable(name), least: 12 },
    { title: '', cell: ({ ms }) => (ms === undefined ? '' : span(ms)), style: () => 'dim' },
    { title: '', cell: ({ at }) => relative(at, view.now), style: () => 'dim' },
  ]
  const earlier = all.length - shown.length
  return [
    ...(earlier > 0 ? [`  ${earlier.toLocaleString('en')} earlier ones: see \`stepwright history\``] : []),
    ...table(columns, shown, { ...view, width: view.width - 2 }).map(line => `  ${line}`),
  ]
}
