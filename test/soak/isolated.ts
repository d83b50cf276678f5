// The work of an isolated step: in a thread or a process of its own, which knows its host by the environment.
import { workers } from './effects.ts'

export const apart = workers(process.env['SOAK_EFFECTS'] ?? '', process.env['SOAK_HOST'] ?? '').work('a')
