import type { Progress } from '../../index.ts'

/** Nothing where it is not known how much there is to do. */
export function progressBar({ value, total }: Progress, cells: number): string {
  if (total === undefined || !(total > 0)) return ''
  const done = Math.floor(Math.min(1, Math.max(0, value / total)) * cells)
  return '█'.repeat(done) + '░'.repeat(cells - done)
}
