/**
 * A store of one's own can be written with the names that the package exports, and tried with its
 * conformance suite.
 */
import {
  createRuntime,
  openClient,
  StepwrightError,
  type AdoptedProcess,
  type Collection,
  type CorruptJournal,
  type Created,
  type Damage,
  type Documents,
  type Host,
  type HostStore,
  type JournalLine,
  type ListQuery,
  type NameCount,
  type ProcessRecord,
  type StatusCounts,
  type Store,
  type StoredDocument,
  type StoredProcess,
  type LimitRecord,
  type Room,
  type TrailEntries,
  type Trails,
} from 'stepwright'
import { storeConformance, type StoreUnderTest } from 'stepwright/testing'

const nothing = (): never => {
  throw new StepwrightError('ERR_STORE_READ', 'This store is types only')
}

class NoHost implements HostStore {
  readonly hostId = 'host'
  create = async (record: ProcessRecord): Promise<Created> => ({ pid: record.pid, created: true })
  import = async (history: readonly ProcessRecord[], trails: TrailEntries): Promise<Created> => nothing()
  write = async (line: JournalLine): Promise<void> => nothing()
  append = async <T extends keyof Trails>(trail: T, pid: string, entries: readonly Trails[T][]): Promise<void> =>
    nothing()
  async *adopt(
    accept: (record: ProcessRecord, owner: string) => boolean,
    skip?: (pid: string, owner: string) => boolean,
  ): AsyncGenerator<AdoptedProcess> {
    yield nothing()
  }
  onWake(listener: () => void): void {
    listener()
  }
  onLost(listener: (pids: readonly string[]) => void): void {
    listener([])
  }
  async *take(accept: (record: ProcessRecord) => boolean): AsyncGenerator<ProcessRecord> {
    yield nothing()
  }
  complete = async (record: ProcessRecord): Promise<void> => nothing()
  release = async (pid: string): Promise<void> => nothing()
  requeue = async (pid: string): Promise<void> => nothing()
  claim = async (pid: string, limits: readonly LimitRecord[], now: number): Promise<boolean> => nothing()
  vacate = async (pid: string, limits: readonly LimitRecord[]): Promise<void> => nothing()
  expire = async (createdBefore: number, endedBefore: number): Promise<number> => createdBefore + endedBefore
  close = async (): Promise<void> => {}
}

class NoStore implements Store {
  readonly location = 'nowhere'
  readonly maxRecordBytes = 1024
  readonly documents: Documents = {
    list: async (collection: Collection, isWanted?: (name: string) => boolean): Promise<StoredDocument[]> => nothing(),
    get: async (collection: Collection, name: string): Promise<StoredDocument | undefined> => nothing(),
    put: async (collection: Collection, name: string, json: string): Promise<void> => nothing(),
    delete: async (collection: Collection, name: string): Promise<boolean> => nothing(),
  }
  openHost = async (): Promise<HostStore> => new NoHost()
  get = async (pid: string): Promise<StoredProcess | undefined> => nothing()
  async *list(query?: ListQuery, onCorrupt?: (journal: CorruptJournal) => void): AsyncGenerator<StoredProcess> {
    yield nothing()
  }
  counts = async (): Promise<StatusCounts> => nothing()
  countsByName = async (): Promise<NameCount[]> => nothing()
  history = async (pid: string): Promise<ProcessRecord[] | undefined> => nothing()
  async *follow(pid: string, signal?: AbortSignal): AsyncGenerator<StoredProcess> {
    yield nothing()
  }
  async *trail<T extends keyof Trails>(trail: T, pid: string): AsyncGenerator<Trails[T]> {
    yield nothing()
  }
  async *changes(): AsyncGenerator<readonly string[]> {
    yield nothing()
  }
  holderOf = async (key: string): Promise<string | undefined> => nothing()
  find = async (prefix: string, limit: number): Promise<string[]> => nothing()
  delete = async (pid: string): Promise<void> => nothing()
  hosts = async (): Promise<Host[]> => []
  adopt = async (hostId: string, force: boolean): Promise<number> => nothing()
  rooms = async (limits: readonly LimitRecord[], now: number): Promise<Room[]> => nothing()
  submit = async (record: ProcessRecord): Promise<Created> => ({ pid: record.pid, created: true })
  submitMany = async (records: readonly ProcessRecord[]): Promise<Created[]> => nothing()
  wake = async (hostId: string): Promise<void> => nothing()
  async *damages(): AsyncGenerator<Damage> {
    yield nothing()
  }
  close = async (): Promise<void> => {}
}

const makeStore = async (): Promise<StoreUnderTest> => ({
  store: new NoStore(),
  open: () => new NoStore(),
  crash: (host: HostStore) => host.close(),
  cleanup: async () => {},
})
export const tests = storeConformance.map(({ name, run }) => ({ name, run: () => run(makeStore) }))
export const runtime = createRuntime({ processes: [], store: new NoStore() })
export const client = openClient(new NoStore())
