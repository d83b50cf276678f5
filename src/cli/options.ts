import { InvalidArgumentError } from 'commander'

export function toPort(value: string): number {
  const port = Number(value)
  if (!/^\d{1,5}$/.test(value) || port > 65_535) throw new InvalidArgumentError('It is a number from 0 (any free port) to 65535.')
  return port
}

export function toSpeed(value: string): number {
  const speed = Number(value)
  if (!(speed > 0)) throw new InvalidArgumentError('It is a number above 0: 2 is twice as fast.')
  return speed
}
