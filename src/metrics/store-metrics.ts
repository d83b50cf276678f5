import type { Host, HostState } from '../record/host.ts'
import { createdAtOf } from '../record/pid.ts'
import type { NameCount } from '../record/record.ts'
import { readSchedules, type StoredSchedule } from '../store/schedules.ts'
import type { Store } from '../store/store.ts'
import { openMetrics, type Gauge } from './open-metrics.ts'

const HOST_STATES: readonly HostState[] = ['alive', 'dead', 'unresponsive', 'unknown']

/**
 * What monitoring wants to know of a store, as OpenMetrics text. Asks no host. Labels are names of
 * definitions, statuses and states only: a pid or a label of a process would make a new time series
 * each time.
 *
 * @param now epoch milliseconds
 */
export async function storeMetrics(store: Store, now: number): Promise<string> {
  const [counts, hosts, schedules] = await Promise.all([
    store.countsByName(),
    store.hosts(),
    readSchedules(store.documents),
  ])
  return openMetrics([...processGauges(counts, now), hostGauge(hosts), scheduleGauge(schedules, now)])
}

function processGauges(counts: readonly NameCount[], now: number): Gauge[] {
  const sorted = counts.toSorted((a, b) => (a.name === b.name ? compare(a.status, b.status) : compare(a.name, b.name)))
  return [
    {
      name: 'stepwright_processes',
      help: 'Processes in the store, by name of the definition and by status. Ended ones are deleted after the retention of their host.',
      samples: sorted.map(({ name, status, count }) => ({ labels: { name, status }, value: count })),
    },
    {
      name: 'stepwright_oldest_pending_age_seconds',
      unit: 'seconds',
      help: 'Time since the creation of the oldest process that has not begun.',
      samples: sorted
        .filter(({ status }) => status === 'pending')
        .map(({ name, oldest }) => ({ labels: { name }, value: seconds(Math.max(0, now - createdAtOf(oldest))) })),
    },
  ]
}

const hostGauge = (hosts: readonly Host[]): Gauge => ({
  name: 'stepwright_hosts',
  help: 'Hosts that are alive or still own processes, by state.',
  samples: HOST_STATES.map(state => ({ labels: { state }, value: hosts.filter(host => host.state === state).length })),
})

const scheduleGauge = (schedules: readonly StoredSchedule[], now: number): Gauge => ({
  name: 'stepwright_schedule_next_seconds',
  unit: 'seconds',
  help: 'Time until a schedule starts its next process. Below zero it is overdue: no host runs it.',
  samples: schedules
    .flatMap(({ name, next }) => (next === undefined ? [] : { labels: { name }, value: seconds(next - now) }))
    .toSorted((a, b) => compare(a.labels.name, b.labels.name)),
})

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const seconds = (ms: number): number => ms / 1000
