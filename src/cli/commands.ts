import type { Command } from 'commander'
import type { Act } from './with-client.ts'

/**
 * What the file of a command exports: `define` gives it its arguments, options, examples and
 * action.
 */
interface CommandFile {
  define(command: Command, act: Act): void
}

/**
 * Every command, in the order of `--help`. Only the file of the command that was typed is loaded:
 * to load all of them takes longer than most commands run.
 */
export const COMMANDS: Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<CommandFile> }>
> = {
  init: { summary: 'make a project of four files, with a test', load: () => import('./commands/init.ts') },
  list: { summary: 'list processes, newest first', load: () => import('./commands/list.ts') },
  counts: { summary: 'count the processes of each status', load: () => import('./commands/counts.ts') },
  metrics: {
    summary: 'print what monitoring wants to know of the store, as OpenMetrics text',
    load: () => import('./commands/metrics.ts'),
  },
  show: { summary: 'show everything about one process', load: () => import('./commands/show.ts') },
  watch: { summary: 'follow processes until they end', load: () => import('./commands/watch.ts') },
  result: {
    summary: 'wait for the output of a process, and print it as JSON',
    load: () => import('./commands/result.ts'),
  },
  logs: { summary: 'print what the steps of a process logged', load: () => import('./commands/logs.ts') },
  stream: {
    summary: 'print what the steps of a process write for readers',
    load: () => import('./commands/stream.ts'),
  },
  history: { summary: 'print the transitions of a process, one per line', load: () => import('./commands/history.ts') },
  diagram: {
    summary: 'draw the chart of a definition, or of a process and where it is',
    load: () => import('./commands/diagram.ts'),
  },
  inspect: {
    summary: 'show processes as charts in the Stately inspector',
    load: () => import('./commands/inspect.ts'),
  },
  mcp: {
    summary: 'serve definitions as tools, and the store, to agents over MCP',
    load: () => import('./commands/mcp.ts'),
  },
  dashboard: { summary: 'show the store as a web page', load: () => import('./commands/dashboard.ts') },
  cancel: { summary: 'end processes in `cancelled`, whatever they do', load: () => import('./commands/cancel.ts') },
  retry: { summary: 'try failed processes again from the step that failed', load: () => import('./commands/retry.ts') },
  proceed: { summary: 'continue an interrupted process', load: () => import('./commands/proceed.ts') },
  delete: { summary: 'remove processes that have ended', load: () => import('./commands/delete.ts') },
  send: { summary: 'send an event to the machine step that a process is in', load: () => import('./commands/send.ts') },
  withdraw: {
    summary: 'take back what was asked of a process and waits',
    load: () => import('./commands/withdraw.ts'),
  },
  fork: {
    summary: 'begin a new process where a step of another one began, and print its pid',
    load: () => import('./commands/fork.ts'),
  },
  submit: {
    summary: 'put a process into the store for a worker, and print its pid',
    load: () => import('./commands/submit.ts'),
  },
  run: { summary: 'start a process here, and follow it until it ends', load: () => import('./commands/run.ts') },
  work: {
    summary: 'run processes that were submitted, and those that dead hosts left behind',
    load: () => import('./commands/work.ts'),
  },
  check: {
    summary: 'list the live processes that new definitions could not continue',
    load: () => import('./commands/check.ts'),
  },
  schedules: {
    summary: 'list the processes that start by themselves, or start one now',
    load: () => import('./commands/schedules.ts'),
  },
  pause: {
    summary: 'let nothing of a definition or a schedule begin, on any host',
    load: () => import('./commands/pause.ts'),
  },
  resume: { summary: 'end a pause: what waited begins', load: () => import('./commands/resume.ts') },
  hosts: {
    summary: 'list the hosts of the store, and whether they are alive',
    load: () => import('./commands/hosts.ts'),
  },
  adopt: {
    summary: 'take the processes of a host that you know to be gone, so that the next host continues them',
    load: () => import('./commands/adopt.ts'),
  },
  copy: { summary: 'copy all processes of a store into another one', load: () => import('./commands/copy.ts') },
  backup: {
    summary: 'copy a store into an empty one, while its hosts run',
    load: () => import('./commands/backup.ts'),
  },
  doctor: {
    summary: 'tell what is wrong with a store, and move what is damaged out of the way',
    load: () => import('./commands/doctor.ts'),
  },
  gc: { summary: 'remove processes that ended long ago', load: () => import('./commands/gc.ts') },
  completion: {
    summary: 'print a script that makes a shell complete commands, pids and names',
    load: () => import('./commands/completion.ts'),
  },
}
