import { memoryStore } from '../../src/store/memory/memory-store.ts'
import type { HostStore, Store } from '../../src/store/store.ts'

/** A memory store whose hosts are changed by `change`, and the hosts that were opened. */
export function wrappedStore(
  change: (host: HostStore) => Partial<HostStore>,
  inner: Store = memoryStore(),
): Store & { readonly opened: HostStore[] } {
  const opened: HostStore[] = []
  return {
    location: inner.location,
    maxRecordBytes: inner.maxRecordBytes,
    documents: inner.documents,
    async openHost() {
      const host = await inner.openHost()
      opened.push(host)
      const bound: HostStore = {
        hostId: host.hostId,
        create: record => host.create(record),
        import: (history, trails) => host.import(history, trails),
        write: line => host.write(line),
        adopt: (accept, skip, holds) => host.adopt(accept, skip, holds),
        onLost: listener => host.onLost(listener),
        append: (trail, pid, entries) => host.append(trail, pid, entries),
        release: (pid, epoch) => host.release(pid, epoch),
        requeue: (pid, epoch) => host.requeue(pid, epoch),
        claim: (pid, limits, now, epoch) => host.claim(pid, limits, now, epoch),
        vacate: (pid, limits, epoch) => host.vacate(pid, limits, epoch),
        onWake: listener => host.onWake(listener),
        take: (accept, skip) => host.take(accept, skip),
        complete: record => host.complete(record),
        expire: (createdBefore, endedBefore) => host.expire(createdBefore, endedBefore),
        close: () => host.close(),
      }
      return { ...bound, ...change(host) }
    },
    get: pid => inner.get(pid),
    list: (query, onCorrupt) => inner.list(query, onCorrupt),
    counts: () => inner.counts(),
    countsByName: () => inner.countsByName(),
    history: pid => inner.history(pid),
    follow: (pid, signal) => inner.follow(pid, signal),
    trail: (trail, pid, options) => inner.trail(trail, pid, options),
    changes: signal => inner.changes(signal),
    holderOf: key => inner.holderOf(key),
    find: (prefix, limit) => inner.find(prefix, limit),
    delete: pid => inner.delete(pid),
    hosts: () => inner.hosts(),
    rooms: (limits, now) => inner.rooms(limits, now),
    submit: record => inner.submit(record),
    submitMany: records => inner.submitMany(records),
    wake: hostId => inner.wake(hostId),
    damages: () => inner.damages(),
    adopt: (hostId, force) => inner.adopt(hostId, force),
    close: () => inner.close(),
    opened,
  }
}
