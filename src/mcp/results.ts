import type { CallToolResult } from '@modelcontextprotocol/server'
import { isObject } from '../record/check.ts'
import type { ProcessInfo } from '../record/info.ts'

/** A JSON value as the result of a tool. */
export const resultOf = (value: unknown): CallToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(value ?? null, undefined, 2) }],
  ...(isObject(value) && { structuredContent: value }),
})

export const failureOf = (message: string): CallToolResult => ({
  content: [{ type: 'text', text: message }],
  isError: true,
})

/** What has become of a process that has ended. */
export function endOf({ pid, status, output, error }: ProcessInfo): CallToolResult {
  if (status === 'finished') return resultOf(output)
  const where = error?.step === undefined ? '' : ` in step '${error.step}'`
  return failureOf(
    `Process ${pid} has ended in ${status}${where}${error === undefined ? '' : `: ${error.name}: ${error.message}`}`,
  )
}

/** What a process does, in a line. */
export function messageOf({ status, steps }: ProcessInfo): string {
  const at = steps.findIndex(step => step.startedAt !== undefined && step.endedAt === undefined)
  const step = steps[at]
  if (step === undefined) return status
  const { progress } = step
  const total = progress?.total === undefined ? '' : ` of ${progress.total}`
  const told = progress === undefined ? '' : `, ${progress.value}${total}`
  const message = progress?.message === undefined ? '' : `, ${progress.message}`
  return `${status}: step ${at + 1} of ${steps.length}, ${step.name}${told}${message}`
}
