import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { WaitInfo } from '../../record/info.ts'
import type { Action, LiveInfo } from '../protocol.ts'
import { post } from './server.ts'
import { Dialog } from './dialog.tsx'
import { jsonIn, textIn } from './form-values.ts'
import { href, processHref } from './route.ts'

interface Props {
  readonly info: LiveInfo
  readonly actions: readonly Action[]
  /** The process that tries this one again. */
  readonly retriedBy: string | undefined
}

/** What the process waits for: one of it is answered. */
function Waits({ waits }: { readonly waits: readonly WaitInfo[] }): JSX.Element {
  const [name, setName] = useState(waits[0]?.name)
  const schema = waits.find(wait => wait.name === name)?.schema
  return (
    <>
      <label>
        Answer to{' '}
        <select name="name" onChange={event => setName(event.currentTarget.value)}>
          {waits.map(wait => (
            <option key={wait.name}>{wait.name}</option>
          ))}
        </select>
      </label>
      {schema !== undefined && (
        <details>
          <summary>What it has to look like</summary>
          <pre>{JSON.stringify(schema, null, 2)}</pre>
        </details>
      )}
    </>
  )
}

const pathOf = (pid: string, action: Action): string => `api/processes/${encodeURIComponent(pid)}/${action}`
/** The buttons for what can be done with a process in its current status. */
export function ProcessActions({ info, actions, retriedBy }: Props): JSX.Element {
  const [open, setOpen] = useState<Action>()
  const [kept, setKept] = useState(false)
  const { pid, name, endedAt, status, steps } = info
  const ended = endedAt !== undefined
  // Forks begin at steps, not at branches.
  const begun = steps.filter(step => step.startedAt !== undefined && !step.name.includes('.'))
  const possible: Readonly<Partial<Record<Action, boolean>>> = {
    retry: ended && status !== 'finished' && retriedBy === undefined,
    proceed: status === 'interrupted',
    cancel: !ended,
    fork: begun.length > 0,
    delete: ended,
  }
  const asked = steps.flatMap(({ waits = [] }) => waits).filter(wait => wait.for === 'answer')
  const titles: Readonly<Partial<Record<Action, string>>> = {
    retry: 'Retry …',
    proceed: 'Proceed …',
    cancel: 'Cancel …',
    fork: 'Fork …',
    delete: 'Delete …',
  }
  const close = (): void => setOpen(undefined)
  const ask = async (action: Action, body: object): Promise<Record<string, unknown>> => {
    const told = await post(pathOf(pid, action), body)
    setKept(told['state'] === 'kept')
    return told
  }
  return (
    <div class="actions">
      {actions
        .filter(action => possible[action])
        .map(action => (
          <button
            key={action}
            type="button"
            class={action === 'proceed' || action === 'retry' ? 'primary' : ''}
            onClick={() => setOpen(action)}
          >
            {titles[action]}
          </button>
        ))}
      {kept && !ended && (
        <p class="note" role="status">
          No living host has this process. The next host that takes it does this first.
        </p>
      )}
      {open === 'cancel' && (
        <Dialog
          title={`Cancel ${name}?`}
          confirm="Cancel the process"
          danger
          onClose={close}
          onConfirm={async form => void (await ask('cancel', { reason: textIn(form, 'reason') }))}
        >
          <p>The running step is told to stop, and the process ends as cancelled.</p>
          <label>
            Reason <input name="reason" placeholder="optional" autoFocus />
          </label>
        </Dialog>
      )}
      {open === 'retry' && (
        <Dialog
          title={`Retry ${name}?`}
          confirm="Retry"
          onClose={close}
          onConfirm={async () => {
            const { pid: again } = await ask('retry', {})
            if (typeof again === 'string') location.hash = processHref(again)
          }}
        >
          <p>
            A new process begins with the step that failed, with the data that the step had then. This process stays as
            it is.
          </p>
        </Dialog>
      )}
      {open === 'proceed' && (
        <Dialog
          title={`Let ${name} proceed?`}
          confirm="Proceed"
          onClose={close}
          onConfirm={async form => {
            const data = jsonIn(form, 'data')
            const waitedFor = textIn(form, 'name')
            await ask('proceed', { ...(data !== undefined && { data }), ...(waitedFor && { name: waitedFor }) })
          }}
        >
          {asked.length === 0 ? (
            <p>
              An object is merged into the output of the step; any other value replaces it. Leave this empty to keep the
              output.
            </p>
          ) : (
            <Waits waits={asked} />
          )}
          <label>
            Data, as JSON <textarea name="data" rows={5} placeholder={'{ "approved": true }'} autoFocus />
          </label>
        </Dialog>
      )}
      {open === 'fork' && (
        <Dialog
          title={`Fork ${name}?`}
          confirm="Fork"
          onClose={close}
          onConfirm={async form => {
            const { pid: forked } = await ask('fork', { from: textIn(form, 'from') })
            if (typeof forked === 'string') location.hash = processHref(forked)
          }}
        >
          <p>A new process begins where the step began, with the data it had then. This process stays as it is.</p>
          <label>
            From step{' '}
            <select name="from">
              {begun.map(step => (
                <option key={step.name} selected={step.status === 'error'}>
                  {step.name}
                </option>
              ))}
            </select>
          </label>
        </Dialog>
      )}
      {open === 'delete' && (
        <Dialog
          title={`Delete ${name}?`}
          confirm="Delete"
          danger
          onClose={close}
          onConfirm={async () => {
            await ask('delete', {})
            location.hash = href('')
          }}
        >
          <p>This removes its input, output, records, logs and stream, and cannot be undone.</p>
        </Dialog>
      )}
    </div>
  )
}
