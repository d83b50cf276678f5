import { parseCommand } from '../parse-command.ts'
import type { Answer, Command, Refusal } from '../command.ts'
import { corrupt } from '../failures.ts'
import type { Commits } from './commits.ts'
import type { Database } from './database.ts'
import { isHost } from './hosts.ts'

/** A command or a refusal that nobody can want any more is kept so long. */
const KEPT_MS = 60_000

interface Waiting {
  readonly pid: string
  readonly id: string
  readonly command: string
}

/** Commands for live processes. One that was taken is removed, one that was refused gets its refusal, either in one transaction. */
export class Inbox {
  readonly #db: Database
  readonly #commits: Commits

  constructor(db: Database, commits: Commits) {
    this.#db = db
    this.#commits = commits
  }

  /** @returns the host that has the process, if any */
  put(command: Command): Promise<string | undefined> {
    const { pid, id } = command
    const text = JSON.stringify(command)
    return this.#commits.add(() => {
      this.#db.run('INSERT OR REPLACE INTO commands (pid, id, command, at) VALUES (?, ?, ?, ?)', pid, id, text, Date.now())
      const owner = this.#db.get<{ owner: string | null }>('SELECT owner FROM processes WHERE pid = ?', pid)?.owner ?? null
      return isHost(owner) ? owner : undefined
    })
  }

  async answerOf(pid: string, id: string): Promise<Answer> {
    const sql = 'SELECT refusal FROM commands WHERE pid = ? AND id = ?'
    const found = await this.#db.read(() => this.#db.get<{ refusal: string | null }>(sql, pid, id))
    if (found === undefined) return 'taken'
    return found.refusal === null ? 'waiting' : { refused: JSON.parse(found.refusal) as Refusal }
  }

  /** The commands that wait for processes of a host, oldest first. Garbage is refused and told. */
  async waiting(hostId: string, onGarbage: (error: Error) => void): Promise<Command[]> {
    const sql = `SELECT commands.pid, commands.id, command FROM commands JOIN processes ON processes.pid = commands.pid
      WHERE owner = ? AND refusal IS NULL ORDER BY commands.id`
    const commands: Command[] = []
    for (const { pid, id, command } of await this.#db.read(() => this.#db.all<Waiting>(sql, hostId))) {
      try {
        const found = parseCommand(command, pid, id)
        if (!('refused' in found)) commands.push(found)
      } catch (error) {
        const told = corrupt(`${this.#db.file} (command ${id} for process ${pid})`, error)
        await this.answer(pid, id, { code: told.code, message: told.message })
        onGarbage(told)
      }
    }
    return commands
  }

  async answer(pid: string, id: string, refusal: Refusal | undefined): Promise<void> {
    if (refusal === undefined) return this.forget(pid, id)
    const sql = 'UPDATE commands SET refusal = ?, at = ? WHERE pid = ? AND id = ?'
    await this.#commits.add(() => this.#db.run(sql, JSON.stringify(refusal), Date.now(), pid, id))
  }

  async forget(pid: string, id: string): Promise<void> {
    await this.#commits.add(() => this.#db.run('DELETE FROM commands WHERE pid = ? AND id = ?', pid, id))
  }

  /** Removes refusals nobody has read, and commands for processes that live no more. */
  async sweep(): Promise<void> {
    const sql = `DELETE FROM commands WHERE at < ? AND
      (refusal IS NOT NULL OR NOT EXISTS (SELECT 1 FROM processes WHERE processes.pid = commands.pid AND owner IS NOT NULL))`
    await this.#commits.add(() => this.#db.run(sql, Date.now() - KEPT_MS))
  }
}
