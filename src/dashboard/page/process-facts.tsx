import type { ComponentChildren, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { LiveInfo } from '../protocol.ts'
import { Status } from './components.tsx'
import { count, duration, fullTime } from './format.ts'
import { stateText } from '../../format/state-text.ts'
import { href, processHref } from './route.ts'
import { retryIn, type StoreView } from './store-view.ts'

/** The facts about a process, apart from its steps. */
export function ProcessFacts({
  info,
  now,
  view,
}: {
  readonly info: LiveInfo
  readonly now: number
  readonly view: StoreView
}): JSX.Element {
  const {
    createdAt,
    startsAt,
    priority,
    startedAt,
    endedAt,
    deadline,
    host,
    misfit,
    paused,
    waitingFor,
    pendingCommands,
    labels,
    key,
    recoveries,
    revision,
    version,
    parent,
    forkedFrom,
    retryOf,
    status,
  } = info
  const retriedBy = retryIn(view, info.pid)
  const children = useMemo(() => view.rows.filter(row => row.parent === info.pid), [view.rows, info.pid])
  const fact = (name: string, value: ComponentChildren): JSX.Element => (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
  const linkTo = (pid: string): JSX.Element => (
    <a href={processHref(pid)}>
      <code>{pid}</code>
    </a>
  )
  const time = (iso: string): JSX.Element => <time dateTime={iso}>{fullTime(Date.parse(iso))}</time>
  const machine = info.steps.find(step => step.machine !== undefined)?.machine
  const until = info.steps.find(step => step.until !== undefined)?.until
  const waits = info.steps.flatMap(step => step.waits ?? [])
  return (
    <dl class="facts">
      {fact('Created', time(createdAt))}
      {status === 'pending' && startsAt !== undefined && fact('Starts', time(startsAt))}
      {priority !== undefined && fact('Priority', priority)}
      {startedAt !== undefined &&
        fact(
          endedAt === undefined ? 'Elapsed' : 'Took',
          duration((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt)),
        )}
      {endedAt !== undefined && fact('Ended', time(endedAt))}
      {waits.length > 0 && fact('Waits for', waits.map(wait => wait.name).join(', '))}
      {endedAt === undefined &&
        until !== undefined &&
        fact(
          status === 'interrupted' ? 'Times out' : status === 'sleeping' ? 'Wakes' : 'Next attempt',
          <>in {duration(Date.parse(until) - now)}</>,
        )}
      {endedAt === undefined &&
        deadline !== undefined &&
        fact('Deadline', <>in {duration(Date.parse(deadline) - now)}</>)}
      {endedAt === undefined &&
        fact(
          'Host',
          host ? (
            <>
              <code>{host.id}</code> <span class={`host-state ${host.state}`}>{host.state}</span>
            </>
          ) : (
            'none'
          ),
        )}
      {pendingCommands &&
        fact(
          'Waiting commands',
          pendingCommands
            .map(({ type, event = '', step = '', name = step }) => `${type} ${event}${name}`.trim())
            .join(', '),
        )}
      {waitingFor &&
        fact('Waits for', `limit ${waitingFor.limit}${waitingFor.key === undefined ? '' : ` (${waitingFor.key})`}`)}
      {paused && fact('Paused', 'its definition is paused')}
      {misfit && fact('Left alone', misfit.message)}
      {machine &&
        fact(
          'Machine',
          `in ${stateText(machine.value)}${machine.events.length > 0 ? `, takes ${machine.events.join(', ')}` : ''}`,
        )}
      {fact('Version', version)}
      {recoveries > 0 && fact('Recoveries', recoveries)}
      {fact('Records', count(revision))}
      {key !== undefined && fact('Key', <code>{key}</code>)}
      {labels &&
        Object.keys(labels).length > 0 &&
        fact(
          'Labels',
          Object.entries(labels).map(([label, value]) => (
            <a key={label} class="label" href={href('', new URLSearchParams({ label: `${label}=${value}` }))}>
              {label}={value}
            </a>
          )),
        )}
      {parent && fact('Parent', linkTo(parent.pid))}
      {retryOf !== undefined && fact('Retry of', linkTo(retryOf))}
      {retriedBy !== undefined && fact('Retried by', linkTo(retriedBy))}
      {forkedFrom &&
        fact(
          'Fork of',
          <>
            {linkTo(forkedFrom.pid)}
            {forkedFrom.step !== undefined && ` from ${forkedFrom.step}`}
          </>,
        )}
      {children.length > 0 &&
        fact(
          'Children',
          <ul class="children">
            {children.slice(0, 50).map(row => (
              <li key={row.pid}>
                <a href={processHref(row.pid)}>{row.name}</a> <Status status={row.status} />
              </li>
            ))}
          </ul>,
        )}
    </dl>
  )
}
