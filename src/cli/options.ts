import { InvalidArgumentError } from 'commander'

/** Parsers of options that several commands have. */

export function addLabel(value: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = value.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It has the form name=value.')
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) }
}

export function toCount(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError('It is a whole number from 1.')
  return Number(value)
}

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
