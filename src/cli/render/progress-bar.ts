import type { Progress } from '../../index.ts'

/** A bar of `cells` characters; empty if the total is unknown. */
export function progressBar({ value, total }: Progress, cells: number): string {
  if (total === undefined || !(total > 0)) return ''
  const done = Math.floor(Math.min(1, Math.max(0, value / total)) * cells)
  return '█'.repeat(done) + '░'.repeat(cells - done)
}
