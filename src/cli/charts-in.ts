import { chartOf } from '../machines/chart.ts'
import { planOf } from '../steps/plan.ts'

/** The charts of the definitions that a module exports, by the name of the definition. */
export function chartsIn(exports: Readonly<Record<string, unknown>>): Map<string, unknown> {
  const charts = new Map<string, unknown>()
  for (const one of Object.values(exports).flatMap(value => (Array.isArray(value) ? (value as unknown[]) : [value]))) {
    const plan = planIn(one)
    if (plan) charts.set(plan.name, chartOf(plan))
  }
  return charts
}

function planIn(value: unknown): ReturnType<typeof planOf> | undefined {
  try {
    return planOf(value)
  } catch {
    return undefined
  }
}
