import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { Low } from 'lowdb'
import { Journal } from '../../src/journal/journal.ts'
import type { Files } from '../../src/journal/files.ts'
import { tempDir } from '../store/helpers.ts'

const fault = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code })

test('a lowdb database that keeps every state', async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  const db = new Low(new Journal<{ visits: number }>(file), { visits: 0 })
  await db.read()
  t.deepEqual(db.data, { visits: 0 })
  for (let i = 0; i < 3; i++)
    await db.update(data => {
      data.visits += 1
    })
  t.is(fs.readFileSync(file, 'utf8'), '{"visits":1}\n{"visits":2}\n{"visits":3}\n')
  t.is(fs.statSync(file).mode & 0o777, 0o600)
  const again = new Low(new Journal<{ visits: number }>(file), { visits: 0 })
  await again.read()
  t.deepEqual(again.data, { visits: 3 })
})

test('there is nothing to read before the first write', async t => {
  const dir = tempDir(t)
  t.is(await new Journal(path.join(dir, 'none')).read(), null)
  fs.writeFileSync(path.join(dir, 'empty'), '')
  t.is(await new Journal(path.join(dir, 'empty')).read(), null)
  fs.writeFileSync(path.join(dir, 'half'), '{"a":')
  t.is(await new Journal(path.join(dir, 'half')).read(), null)
  t.deepEqual(fs.readdirSync(dir).toSorted(), ['empty', 'half'])
})

test('an unfinished last line is ignored by readers and cut off by the writer', async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  fs.writeFileSync(file, '{"n":1}\n{"n":2,"text":"never fini')
  const journal = new Journal<{ n: number }>(file)
  t.deepEqual(await journal.read(), { n: 1 })
  t.true(fs.readFileSync(file, 'utf8').endsWith('never fini'))
  await journal.write({ n: 3 })
  t.is(fs.readFileSync(file, 'utf8'), '{"n":1}\n{"n":3}\n')
  t.is(journal.length, 16)
})

test('a whole line that makes no sense is corrupt, and stays', async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  fs.writeFileSync(file, '{"n":1}\ngarbage\n')
  const error = await t.throwsAsync(new Journal(file).read(), { code: 'ERR_STORE_CORRUPT' })
  t.true(error!.message.includes(file))
  t.true(error!.cause instanceof SyntaxError)
  t.is(fs.readFileSync(file, 'utf8'), '{"n":1}\ngarbage\n')
})

test('a line that makes no sense for a moment is looked at again', async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  fs.writeFileSync(file, '{"n":1}\ngarb\n')
  setTimeout(() => fs.truncateSync(file, 8), 5)
  t.deepEqual(await new Journal(file).read(), { n: 1 })
})

test('only ENOENT means not there', async t => {
  const dir = tempDir(t)
  await t.throwsAsync(new Journal(dir).read(), { code: 'ERR_STORE_CORRUPT', message: /no regular file/ })
  await t.throwsAsync(new Journal(dir).write({}), { code: 'ERR_STORE_WRITE' })
})

test('lines longer than a read', async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  const journal = new Journal<string>(file)
  const sizes = [10, 64 * 1024 - 3, 64 * 1024, 200_000, 3_000_000, 1]
  for (const size of sizes) {
    await journal.write('ü'.repeat(size))
    t.is((await journal.read())?.length, size)
  }
  fs.appendFileSync(file, 'ü'.repeat(300_000))
  t.is(await journal.read(), 'ü')
  const owner = new Journal<string>(file)
  await owner.write('end')
  t.deepEqual(
    fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .map(line => line.length),
    [...sizes.map(size => size + 2), 5, 0],
  )
})

test('the newest line of a long file is found without reading the rest', async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  fs.writeFileSync(file, `${'x'.repeat(99)}\n`.repeat(100_000) + '"newest"\n')
  let bytes = 0
  const files: Files = {
    ...fs,
    readSync: (fd, buffer, offset, length, position) => {
      bytes += length
      return fs.readSync(fd, buffer, offset, length, position)
    },
  }
  t.is(await new Journal(file, { files }).read(), 'newest')
  t.true(bytes <= 200_000, `${bytes} bytes`)
})

test('a short write is finished', async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  const files: Files = {
    ...fs,
    writeSync: (fd, buffer, offset, length) => fs.writeSync(fd, buffer, offset, Math.min(length, 3)),
  }
  const journal = new Journal(file, { files })
  await journal.write({ text: 'größer' })
  t.is(fs.readFileSync(file, 'utf8'), '{"text":"größer"}\n')
})

for (const [name, left] of [
  ['in the middle of a line', 4],
  ['before the first byte', 0],
] as const) {
  test(`a write that fails ${name} leaves the journal as it was, and may be tried again`, async t => {
    const file = path.join(tempDir(t), 'db.jsonl')
    let room = Infinity
    const files: Files = {
      ...fs,
      writeSync(fd, buffer, offset, length) {
        if (room === 0) throw fault('ENOSPC')
        const count = fs.writeSync(fd, buffer, offset, Math.min(length, room))
        room -= count
        return count
      },
    }
    const journal = new Journal(file, { files })
    await journal.write({ n: 1 })
    room = left
    const error = await t.throwsAsync(journal.write({ n: 2 }), { code: 'ERR_STORE_WRITE' })
    t.true(error!.message.includes(file))
    t.regex(error!.message, /free some space/)
    t.is((error!.cause as NodeJS.ErrnoException).code, 'ENOSPC')
    t.is(fs.readFileSync(file, 'utf8'), '{"n":1}\n')
    await t.throwsAsync(journal.write({ n: 2 }), { code: 'ERR_STORE_WRITE' })
    room = Infinity
    await journal.write({ n: 2 })
    t.is(fs.readFileSync(file, 'utf8'), '{"n":1}\n{"n":2}\n')
  })
}

test('what could not be cut off at once is cut off before the next write, even by way of a close', async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  let failing = false
  const files: Files = {
    ...fs,
    writeSync(fd, buffer, offset, length) {
      if (!failing) return fs.writeSync(fd, buffer, offset, length)
      // All of it, newline and all, and still an error.
      fs.writeSync(fd, buffer, offset, length)
      throw fault('EIO')
    },
    ftruncateSync(fd, length) {
      if (failing) throw fault('EIO')
      fs.ftruncateSync(fd, length)
    },
  }
  const journal = new Journal(file, { files })
  await journal.write({ n: 1 })
  failing = true
  await t.throwsAsync(journal.write({ n: 2 }), { code: 'ERR_STORE_WRITE' })
  journal.close()
  failing = false
  await journal.write({ n: 3 })
  t.is(fs.readFileSync(file, 'utf8'), '{"n":1}\n{"n":3}\n')
})

test("data that is no JSON is the caller's fault", async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  await t.throwsAsync(new Journal(file).write({ n: 1n }), { instanceOf: TypeError })
  t.false(fs.existsSync(file))
})

test('a new journal must not be there, an existing one must', async t => {
  const dir = tempDir(t)
  const file = path.join(dir, 'db.jsonl')
  await t.throwsAsync(new Journal(file, { expect: 'existing' }).write(1), { code: 'ERR_STORE_WRITE' })
  const journal = new Journal(file, { expect: 'new' })
  await journal.write(1)
  await t.throwsAsync(new Journal(file, { expect: 'new' }).write(2), { code: 'ERR_STORE_WRITE' })
  journal.close()
  await journal.write(3)
  journal.close()
  fs.renameSync(file, path.join(dir, 'elsewhere'))
  await t.throwsAsync(journal.write(4), { code: 'ERR_STORE_WRITE' })
  t.deepEqual(fs.readdirSync(dir), ['elsewhere'])
})

test('a line that could not be synced is cut off: it is there once when it is written again', async t => {
  const file = path.join(tempDir(t), 'db.jsonl')
  let isBroken = false
  const files: Files = {
    ...fs,
    fdatasync: (fd, callback) => (isBroken ? void setImmediate(callback, fault('EIO')) : fs.fdatasync(fd, callback)),
  }
  const journal = new Journal(file, { files })
  await journal.write({ n: 1 })
  await journal.sync()
  await journal.write({ n: 2 })
  isBroken = true
  await t.throwsAsync(journal.sync(), { code: 'ERR_STORE_WRITE' })
  t.is(fs.readFileSync(file, 'utf8'), '{"n":1}\n')
  isBroken = false
  await journal.write({ n: 2 })
  await journal.sync()
  t.is(fs.readFileSync(file, 'utf8'), '{"n":1}\n{"n":2}\n')
})
