import { types } from 'node:util'
import { show } from './show.ts'

function className(value: object): string {
  const { constructor } = value
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'a class'
}

function objectHint(value: object): string {
  if (types.isDate(value)) return 'a Date: return toISOString()'
  if (types.isMap(value)) return 'a Map: return Object.fromEntries()'
  if (types.isSet(value)) return 'a Set: return an array'
  if (types.isPromise(value)) return 'a Promise: await it'
  if (types.isNativeError(value)) return 'an Error: throw it, or return its message'
  if (types.isRegExp(value)) return 'a RegExp: return its source'
  if (types.isBoxedPrimitive(value)) return 'a boxed primitive: return valueOf()'
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return 'binary: write a file, return its path'
  if (value instanceof URL) return 'a URL: return its href'
  return `an instance of ${className(value)}: return a plain object`
}

/**
 * What a value that JSON cannot hold is, and what to return instead. The compile-time hints in
 * `not-json.ts` say the same.
 */
export function hint(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return `${value}: return null or a string`
    case 'bigint':
      return 'a bigint: return String()'
    case 'symbol':
      return 'a symbol: return a string'
    case 'function':
      return `a function (${show(value)}): return data only`
    default:
      return objectHint(value as object)
  }
}
