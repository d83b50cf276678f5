import fs from 'node:fs'
import { join } from 'node:path'

/** A fault, put into the sources on purpose: the tests of its area must find it. */
export interface Mutant {
  readonly area: keyof typeof AREAS
  /** What the fault is. */
  readonly fault: string
  /** In `src/`. */
  readonly file: string
  /** Stands in the file once. */
  readonly find: string
  readonly replace: string
}

/** The tests of each area: quick ones, which need no other program and wait for nothing. */
export const AREAS = {
  barrier: [
    'runtime/writer',
    'runtime/store-failures',
    'runtime/close',
    'runtime/timeouts',
    'runtime/slots',
    'store/lowdb/power',
    'journal/journal',
  ],
  ownership: ['store/hosts/*', 'store/conformance', 'store/lowdb/power', 'store/processes', 'store/lowdb/adopt'],
  adoption: [
    'store/lowdb/adopt',
    'store/lowdb/faults',
    'store/lowdb/keys',
    'store/conformance',
    'runtime/takeover',
    'runtime/adoption',
    'runtime/slots',
  ],
  compaction: ['store/lowdb/compaction', 'store/lowdb/keys', 'store/lowdb/power', 'store/lowdb/adopt', 'journal/*'],
  commands: [
    'steering/applied',
    'steering/steering',
    'steering/kept',
    'store/commands',
    'runtime/taken',
    'runtime/interrupt',
    'runtime/cancel',
    'runtime/machine',
  ],
  keys: [
    'store/lowdb/keys',
    'store/lowdb/faults',
    'store/conformance',
    'runtime/key',
    'runtime/child',
    'steering/workers',
  ],
  reading: ['store/lowdb/locate', 'store/lowdb/adopt', 'store/processes', 'store/conformance', 'journal/*'],
} as const

const ATTEMPT = 'runtime/attempt/attempt.ts'
const WRITER = 'runtime/process/writer.ts'
const OWNED = 'store/lowdb/owned-journals.ts'
const TAKE = 'store/lowdb/take-journal.ts'
const JOURNAL = 'journal/journal.ts'
const LIVENESS = 'store/hosts/liveness.ts'
const ADOPT = 'store/lowdb/adopt.ts'
const ADOPTION = 'runtime/host/adoption.ts'
const KEEPING = 'journal/worth-keeping.ts'
const COMPACTION = 'store/lowdb/compaction.ts'
const COMMANDS = 'runtime/host/commands.ts'
const KEYS = 'store/lowdb/keys.ts'
const SUBMISSIONS = 'store/lowdb/submissions.ts'
const LOCATE = 'store/lowdb/locate.ts'

export const MUTANTS: readonly Mutant[] = [
  {
    area: 'barrier',
    fault: 'work begins before its record is in the store',
    file: ATTEMPT,
    find: 'if (barrier !== undefined) await barrier',
    replace: '',
  },
  {
    area: 'barrier',
    fault: 'work does not wait for its record to be given to the writer',
    file: ATTEMPT,
    find: `await Promise.resolve()
    const predecessor`,
    replace: 'const predecessor',
  },
  {
    area: 'barrier',
    fault: 'the writer has no barrier',
    file: WRITER,
    find: 'return this.#writing\n',
    replace: 'return undefined\n',
  },
  {
    area: 'barrier',
    fault: 'a line that failed is not written again',
    file: WRITER,
    find: 'await keepTrying(put(line), { clock, onError, passes })',
    replace: 'await keepTrying(() => put(line)().catch(onError), { clock, passes })',
  },
  {
    area: 'barrier',
    fault: 'lines are written in the wrong order',
    file: WRITER,
    find: 'this.#lines.push(line)',
    replace: 'this.#lines.unshift(line)',
  },
  {
    area: 'barrier',
    fault: 'work begins on a host that closes',
    file: ATTEMPT,
    find: 'if (this.#stopped || this.#environment.draining) return',
    replace: 'if (this.#stopped) return',
  },
  {
    area: 'barrier',
    fault: 'a stopped attempt begins all the same',
    file: ATTEMPT,
    find: 'if (this.#stopped || this.#environment.draining) return',
    replace: 'if (this.#environment.draining) return',
  },
  {
    area: 'barrier',
    fault: 'an attempt begins while the one before still runs',
    file: ATTEMPT,
    find: 'if (predecessor !== undefined) await predecessor',
    replace: '',
  },
  {
    area: 'barrier',
    fault: 'a line is not waited for until it is on the disk',
    file: OWNED,
    find: 'return safe === undefined ? this.#written(line, owned) : safe.then(() => this.#written(line, owned))',
    replace: 'safe?.catch(() => {})\n      return this.#written(line, owned)',
  },
  {
    area: 'barrier',
    fault: 'a line does not wait for the folders of its journal',
    file: OWNED,
    find: 'if (owned.unsafe.size > 0) await this.#makeSafe(owned)',
    replace: '',
  },
  {
    area: 'barrier',
    fault: 'a new process is given its key before it is on the disk',
    file: OWNED,
    find: 'await durability.line(owned.journal)\n',
    replace: '',
  },
  {
    area: 'barrier',
    fault: 'half a line of a write that failed stays',
    file: JOURNAL,
    find: 'if (!this.#torn) return\n    this.#files.ftruncateSync',
    replace: 'if (this.#length >= 0) return\n    this.#files.ftruncateSync',
  },
  {
    area: 'barrier',
    fault: 'half a line of a dead writer stays',
    file: JOURNAL,
    find: 'this.#torn = this.#length < bytes.size',
    replace: 'this.#torn = false',
  },
  {
    area: 'barrier',
    fault: 'a line that could not be synced stays',
    file: JOURNAL,
    find: 'this.#length = before\n      this.#torn = true',
    replace: 'this.#torn = this.#length < before',
  },
  {
    area: 'ownership',
    fault: 'a host writes any revision',
    file: OWNED,
    find: 'checkRevision(line, owned.revision)\n',
    replace: '',
  },
  {
    area: 'ownership',
    fault: 'a closed host writes on',
    file: 'store/lowdb/host.ts',
    find: 'return this.#closed ? Promise.reject(hostClosed(this.hostId)) : this.#owned.write(line)',
    replace: 'return this.#owned.write(line)',
  },
  {
    area: 'ownership',
    fault: 'a host with a full backlog is dead',
    file: LIVENESS,
    find: "case 'EAGAIN':\n      return 'unresponsive'",
    replace: "case 'EAGAIN':\n      return 'dead'",
  },
  {
    area: 'ownership',
    fault: 'a host that resets a connection is dead',
    file: LIVENESS,
    find: "case 'EPIPE':\n      return 'hung up'",
    replace: "case 'EPIPE':\n      return 'dead'",
  },
  {
    area: 'ownership',
    fault: 'a host that hangs up twice is dead',
    file: LIVENESS,
    find: "return second === 'hung up' ? 'unresponsive' : second",
    replace: "return second === 'hung up' ? 'dead' : second",
  },
  {
    area: 'ownership',
    fault: 'a host that hangs up is unresponsive without a second question',
    file: LIVENESS,
    find: "if (first !== 'hung up') return first",
    replace: "return first === 'hung up' ? 'unresponsive' : first",
  },
  {
    area: 'ownership',
    fault: 'a host is dead if the question itself fails',
    file: LIVENESS,
    find: "default:\n      return 'unknown'",
    replace: "default:\n      return 'dead'",
  },
  {
    area: 'ownership',
    fault: 'a host that does not answer is dead',
    file: LIVENESS,
    find: "if (turns === TURNS) settle('unresponsive')",
    replace: "if (turns === TURNS) settle('dead')",
  },
  {
    area: 'ownership',
    fault: 'a host that has not answered yet is dead to its neighbours',
    file: 'store/hosts/find-dead.ts',
    find: "states[index] === 'dead'",
    replace: "states[index] !== 'alive'",
  },
  {
    area: 'ownership',
    fault: 'hosts of other machines are judged by their sockets',
    file: 'store/hosts/other-machines.ts',
    find: 'return NETWORK.has(',
    replace: 'return false && NETWORK.has(',
  },
  {
    area: 'ownership',
    fault: 'a host does not look whether its journal is still there after a line',
    file: OWNED,
    find: 'this.#confirm(line.pid, owned)\n    if (owned.journal.length',
    replace: 'if (owned.journal.length',
  },
  {
    area: 'ownership',
    fault: 'lines of an earlier epoch are written',
    file: OWNED,
    find: 'if (owned === undefined || owned.epoch !== epochOf(line)) return this.#writtenBefore(line)',
    replace: 'if (owned === undefined) return this.#writtenBefore(line)',
  },
  {
    area: 'ownership',
    fault: 'a draft takes the place of a journal that is gone',
    file: OWNED,
    find: 'try {\n      this.#confirm(pid, owned)\n    } catch (error) {\n      dropDraft(this.#directory, replacement)\n      throw error\n    }\n',
    replace: '',
  },
  {
    area: 'ownership',
    fault: 'a host that takes a process back goes on with what it had of it',
    file: 'store/lowdb/host.ts',
    find: 'if (this.#owned.drop(pid)) this.#onLost([pid])\n',
    replace: '',
  },
  {
    area: 'ownership',
    fault: 'the draft of a journal that is taken stays',
    file: TAKE,
    find: 'if (isThere(files, draft))\n',
    replace: 'if (Date.now() < 0)\n',
  },
  {
    area: 'ownership',
    fault: 'what an owner has put in the place of a journal meanwhile is not taken',
    file: TAKE,
    find: 'if (!isThere(files, file)) return true',
    replace: 'return true',
  },
  {
    area: 'ownership',
    fault: 'a host says that it has created what was taken from it',
    file: OWNED,
    find: 'if (!this.#isHere(owned)) throw writeFailed(owned.journal.file, this.notOurs(pid))\n',
    replace: '',
  },
  {
    area: 'ownership',
    fault: 'a follower hears of what a robbed host has written',
    file: 'store/lowdb/follow.ts',
    find: 'if (!isHere && records.length > 0 && (await wasTaken(directory, journal, watcher, signal))) return\n',
    replace: '',
  },
  {
    area: 'ownership',
    fault: 'a follower hears of an end that is not safe yet',
    file: 'store/lowdb/follow.ts',
    find: 'if (isHere && !(await isSafe(directory, journal, records.at(-1), watcher, signal))) return\n',
    replace: '',
  },
  {
    area: 'ownership',
    fault: 'the end of a dead host is moved before it is safe',
    file: ADOPT,
    find: 'await durability.file(file)\n',
    replace: '',
  },
  {
    area: 'ownership',
    fault: 'an absent socket is a death at once',
    file: LIVENESS,
    find: 'await delay(ABSENT_MS)\n',
    replace: '',
  },
  {
    area: 'ownership',
    fault: 'what is taken by force is not copied',
    file: 'store/lowdb/adopt-host.ts',
    find: 'replace(directory, replacement)\n',
    replace: '',
  },
  {
    area: 'adoption',
    fault: 'an adopted journal is not copied',
    file: ADOPT,
    find: 'replace(directory, replacement)\n',
    replace: '',
  },
  {
    area: 'adoption',
    fault: 'an adoption has no epoch of its own',
    file: ADOPT,
    find: 'epochOf(newest)) + 1',
    replace: 'epochOf(newest))',
  },
  {
    area: 'adoption',
    fault: 'no second look after the rename',
    file: ADOPT,
    find: 'return await goOnWithCopy(directory, hostId, pid)',
    replace:
      'const own = await goOnWithCopy(directory, hostId, pid)\n    return own && ({ ...found, epoch: own.epoch } as ProcessRecord)',
  },
  {
    area: 'adoption',
    fault: 'a process that lost its key is run',
    file: ADOPT,
    find: 'if (key !== undefined && keys.claim(key, pid, file) !== pid && revision === 1) return void removeFile(files, file)\n',
    replace: '',
  },
  {
    area: 'adoption',
    fault: 'a process that has begun is dropped for one with its key',
    file: ADOPT,
    find: ' && revision === 1) return void removeFile',
    replace: ') return void removeFile',
  },
  {
    area: 'adoption',
    fault: 'the ended process of a dead host stays where it is',
    file: ADOPT,
    find: 'const made = ifThere(() => ended.add(folder, pid, status))',
    replace: 'const made = undefined as readonly string[] | undefined',
  },
  {
    area: 'adoption',
    fault: 'a journal without a whole line is run',
    file: ADOPT,
    find: "if (found === 'never begun') return void removeFile(files, file)",
    replace: "if (found === 'never begun') return undefined",
  },
  {
    area: 'adoption',
    fault: 'a journal that the second look could not read is kept',
    file: ADOPT,
    find: 'if (!rename(files, file, paths.journal(paths.released, pid))) return undefined\n',
    replace: '',
  },
  {
    area: 'adoption',
    fault: 'what was released is not adopted',
    file: ADOPT,
    find: 'return [RELEASED, ...(await findDead',
    replace: 'return [...(await findDead',
  },
  {
    area: 'adoption',
    fault: 'a host adopts from living ones',
    file: ADOPT,
    find: 'await findDead([...owners], owner => hosts.stateOf(owner))',
    replace: '[...owners]',
  },
  {
    area: 'adoption',
    fault: 'a host looks once for dead ones',
    file: ADOPTION,
    find: '.finally(() => this.#arm())',
    replace: '',
  },
  {
    area: 'adoption',
    fault: 'pending processes begin before those that ran',
    file: ADOPTION,
    find: 'await resumeSome(adopted.filter(one => !isPending(one)))\n',
    replace:
      'await resumeSome(adopted.filter(isPending))\n    await resumeSome(adopted.filter(one => !isPending(one)))\n    return onResumed()\n',
  },
  {
    area: 'adoption',
    fault: 'a process that was refused is asked about in every round',
    file: ADOPTION,
    find: 'const skipped = this.#refused.get(pid) === owner',
    replace: 'const skipped = false',
  },
  {
    area: 'compaction',
    fault: 'lines of commands are dropped',
    file: KEEPING,
    find: ' || command !== undefined)\n',
    replace: ')\n',
  },
  {
    area: 'compaction',
    fault: 'the line in which a step is done is dropped',
    file: KEEPING,
    find: " || type === 'DONE'",
    replace: '',
  },
  {
    area: 'compaction',
    fault: 'the first line of a step is dropped',
    file: KEEPING,
    find: 'if (position === 0 || begun.length > 0 ||',
    replace: 'if (position === 0 ||',
  },
  {
    area: 'compaction',
    fault: 'finished items are dropped',
    file: KEEPING,
    find: 'memory?.some(isKept) ?? isFinal(line.status)',
    replace: 'memory === undefined && isFinal(line.status)',
  },
  {
    area: 'compaction',
    fault: 'progress since the newest transition is dropped',
    file: KEEPING,
    find: "newest.push({ position, text, record, isWhole: false, ...('memory' in line && { memory: line.memory }) })\n",
    replace: "if ('memory' in line) newest.push({ position, text, record, isWhole: false, memory: line.memory })\n",
  },
  {
    area: 'compaction',
    fault: 'the key stays with the old file',
    file: COMPACTION,
    find: 'if (key !== undefined) directory.keys.move(key, pid, draft)',
    replace: '',
  },
  {
    area: 'compaction',
    fault: 'a draft is dropped with the key',
    file: COMPACTION,
    find: 'if (key !== undefined && keys.isOf(key, draft)) ifThere(() => keys.move(key, pid, file))',
    replace: '',
  },
  {
    area: 'compaction',
    fault: 'a draft takes the place of a journal before it is on the disk',
    file: OWNED,
    find: 'await durability.file(replacement.draft)\n      // Another',
    replace: '// Another',
  },
  {
    area: 'compaction',
    fault: 'a journal is compacted at every line once it is long',
    file: OWNED,
    find: 'owned.compactAt = Math.max(COMPACT_AT, 2 * length)',
    replace: '',
  },
  {
    area: 'commands',
    fault: 'ids of commands are forgotten after a restore',
    file: COMMANDS,
    find: 'const applied = live.isRestored ? this.#readApplied(live) : ',
    replace: 'const applied = ',
  },
  {
    area: 'commands',
    fault: 'ids of commands are not remembered',
    file: COMMANDS,
    find: 'applied?.add(id)\n',
    replace: '',
  },
  {
    area: 'commands',
    fault: 'the next owner is asked with another id by a host that has lost the process',
    file: 'runtime/handle.ts',
    find: 'wish, closing, command)',
    replace: 'wish, closing)',
  },
  {
    area: 'commands',
    fault: 'a command is applied again while it is applied',
    file: COMMANDS,
    find: ' || this.#busy.has(command.id) ||',
    replace: ' ||',
  },
  {
    area: 'commands',
    fault: 'a command is answered before its record is in the store',
    file: COMMANDS,
    find: 'if (!applied?.has(id)) {\n',
    replace: 'if (!applied?.has(id)) {\n      await answerCommand(this.#options.documents, pid, id, undefined)\n',
  },
  {
    area: 'commands',
    fault: 'a refusal is told as done',
    file: COMMANDS,
    find: 'await answerCommand(this.#options.documents, pid, id, refusal)',
    replace: 'await answerCommand(this.#options.documents, pid, id, undefined)',
  },
  {
    area: 'commands',
    fault: 'commands of one process do not wait for each other',
    file: COMMANDS,
    find: '(before === undefined ? work() : before.then(work))',
    replace: 'work()',
  },
  {
    area: 'commands',
    fault: 'a host that closes refuses commands',
    file: COMMANDS,
    find: "if (live.isLost || (error instanceof StepwrightError && error.code === 'ERR_RUNTIME_CLOSED')) return\n",
    replace: 'if (live.isLost) return\n',
  },
  {
    area: 'commands',
    fault: 'commands are applied in no order',
    file: 'store/commands.ts',
    find: '.toSorted((a, b) => (a.id < b.id ? -1 : 1))',
    replace: '.toSorted((a, b) => (a.id < b.id ? 1 : -1))',
  },
  {
    area: 'commands',
    fault: 'proceed goes to whichever step is paused by then',
    file: 'runtime/process/steering.ts',
    find: 'if (step === undefined || !isMeant) throw',
    replace: 'if (step === undefined) throw',
  },
  {
    area: 'commands',
    fault: 'proceed goes on though the pause is over',
    file: 'runtime/process/steering.ts',
    find: 'if (now.step !== paused.step || now.since !== paused.since) throw notInterrupted(live, paused.step)',
    replace: '',
  },
  {
    area: 'commands',
    fault: 'records do not say which command they are of',
    file: 'machines/context.ts',
    find: '...(command !== undefined && { command }),',
    replace: '',
  },
  {
    area: 'commands',
    fault: 'a command for a process that has ended meanwhile is told as done',
    file: 'client/steer.ts',
    find: 'if (records.some(({ event }) => event.command === id)) return',
    replace: 'if (records.length > 0) return',
  },
  {
    area: 'keys',
    fault: 'a process counts as created without its key',
    file: 'runtime/host/starts.ts',
    find: 'key === undefined ? pid : await readers.holderOf(key)',
    replace: 'pid',
  },
  {
    area: 'keys',
    fault: 'a key that was taken is claimed all the same',
    file: KEYS,
    find: "if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false",
    replace: "if ((error as NodeJS.ErrnoException).code === 'EEXIST') return true",
  },
  {
    area: 'keys',
    fault: 'a key whose journal is being deleted is held',
    file: KEYS,
    find: 'if (!claim.isHeld) continue\n',
    replace: '',
  },
  {
    area: 'keys',
    fault: 'a key whose journal was lost is held for ever',
    file: KEYS,
    find: 'if (!claim?.isStale) return { file, claim }',
    replace: 'return { file, claim }',
  },
  {
    area: 'keys',
    fault: 'a key that is being freed counts as lost',
    file: KEYS,
    find: 'const isStale = nlink === 1 && this.#inodeOf(file) === ino',
    replace: 'const isStale = nlink === 1',
  },
  {
    area: 'keys',
    fault: 'a key does not follow its journal into another file',
    file: KEYS,
    find: 'if (claim.ino !== this.#inodeOf(journal)) this.#replace(file, journal)',
    replace: '',
  },
  {
    area: 'keys',
    fault: 'a process that lost its key stays',
    file: OWNED,
    find: 'if (winner !== pid) this.#abandon(pid, owned)',
    replace: '',
  },
  {
    area: 'keys',
    fault: 'the key of a deleted process is not freed',
    file: 'store/lowdb/ended-journals.ts',
    find: 'if (key !== undefined) this.#keys.free(key, taken)',
    replace: '',
  },
  {
    area: 'keys',
    fault: 'nobody helps a submission that was claimed and not shown',
    file: 'store/lowdb/host.ts',
    find: 'if (winner !== pid) orWriteFailed(paths.pending, () => publish(this.#directory, winner))\n',
    replace: '',
  },
  {
    area: 'keys',
    fault: 'a draft that lost its key stays',
    file: SUBMISSIONS,
    find: 'if (holder !== pid) removeFile(files, draft)\n',
    replace: '',
  },
  {
    area: 'keys',
    fault: 'a draft of a dead client is submitted though another has its key',
    file: SUBMISSIONS,
    find: ' || (key !== undefined && keys.claim(key, pid, draft) !== pid)',
    replace: '',
  },
  {
    area: 'keys',
    fault: 'a submission that another host took is run too',
    file: SUBMISSIONS,
    find: 'if (ifThere(() => (files.renameSync(file, paths.activeJournal(hostId, pid)), true))) yield record',
    replace: 'ifThere(() => files.renameSync(file, paths.activeJournal(hostId, pid)))\n      yield record',
  },
  {
    area: 'reading',
    fault: 'a journal that moves is looked for once',
    file: LOCATE,
    find: 'const LOOKS = 3',
    replace: 'const LOOKS = 1',
  },
  {
    area: 'reading',
    fault: 'a line that makes no sense is corrupt at once',
    file: 'journal/reader.ts',
    find: 'const pause = LOOK_AGAIN_MS[look]',
    replace: 'const pause = LOOK_AGAIN_MS.slice(4)[look]',
  },
  {
    area: 'reading',
    fault: 'live processes are listed with one look',
    file: 'store/lowdb/names.ts',
    find: 'for (let look = 0; look < 2; look++) {',
    replace: 'for (let look = 0; look < 1; look++) {',
  },
]

export const ROOT = join(import.meta.dirname, '../..')

/** @throws if the sources are no longer as the mutant wants them */
export function mustFit({ fault, file, find }: Mutant): void {
  const count = fs.readFileSync(join(ROOT, 'src', file), 'utf8').split(find).length - 1
  if (count !== 1)
    throw new Error(`The mutant '${fault}' wants src/${file} to have this once, and it has it ${count} times: ${find}`)
}
