import fs from 'node:fs'

/** Linux only. A container has its machine's. */
export function readBootId(): string | undefined {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}

/** The network namespace of this process. Linux only. */
export function readNetwork(): string | undefined {
  try {
    return fs.readlinkSync('/proc/self/ns/net')
  } catch {
    return undefined
  }
}
