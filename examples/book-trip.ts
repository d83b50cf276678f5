// Books a trip whose last part fails, and gives back what was booked: node book-trip.ts. With
// --crash the program ends in the middle of that; run it again, and it goes on where it was.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRuntime, defineProcess, typed } from 'stepwright'

/** Stands for the services of others: a booking has the key that it was made with. */
const FILE = 'bookings.json'
const bookings = (): Record<string, string> =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, string>) : {}
const save = (all: Record<string, string>): void => writeFileSync(FILE, JSON.stringify(all))

function book(what: string, key: string): { booking: string } {
  console.log(`book ${what}`)
  save({ ...bookings(), [key]: what })
  return { booking: key }
}

/** May be called again for the same booking: then there is nothing to do. */
function giveBack(key: string): void {
  const { [key]: what, ...rest } = bookings()
  if (what === undefined) return
  console.log(`give back ${what}`)
  save(rest)
}

const mayCrash = process.argv.includes('--crash')

const trip = defineProcess({ name: 'book-trip', input: typed<{ to: string }>() })
  .step('flight', ({ input, idempotencyKey }) => book(`a flight to ${input.to}`, idempotencyKey), {
    undo: ({ output }) => giveBack(output.booking),
  })
  .step('hotel', ({ input, idempotencyKey }) => book(`a hotel in ${input.to}`, idempotencyKey), {
    undo: {
      run: ({ output }) => {
        giveBack(output.booking)
        // The power fails before anybody has recorded that.
        if (mayCrash) process.exit(1)
      },
      retry: 5,
      timeout: '30s',
    },
  })
  .step('car', ({ input }) => {
    throw new Error(`there is no car in ${input.to}`)
  })

const runtime = await createRuntime({ processes: [trip] })
// A trip that an earlier run has begun goes on by itself.
const job = await runtime.start(trip, { to: 'Rome' }, { key: 'my trip' })
await job.result().catch((error: Error) => console.log(error.message.replace(/^.*: /, '')))
console.log(`${Object.keys(bookings()).length} bookings are left`)
await runtime.close()
