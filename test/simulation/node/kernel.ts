import type { Kernel } from '../kernel/kernel.ts'

interface Realm {
  readonly kernel: Kernel
}

/** Of the process that this code runs in. */
export const kernel = (): Kernel => (globalThis as unknown as { readonly __realm: Realm }).__realm.kernel

/** Makes errors of this realm out of the kernel's. */
export function call<T>(name: string, work: (kernel: Kernel) => T): T {
  try {
    return work(kernel())
  } catch (error) {
    throw toError(name, error)
  }
}

export function toError(syscall: string, error: unknown): Error {
  const { code, message } = error as { code?: string; message: string }
  return Object.assign(new Error(`${message} (${syscall})`), { code, syscall })
}
