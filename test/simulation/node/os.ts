import { constants } from 'node:os'
import { kernel } from './kernel.ts'

export { constants }
export const hostname = (): string => kernel().hostname
export const tmpdir = (): string => '/tmp'
export const homedir = (): string => '/home'
export const platform = (): string => 'linux'
export default { constants, hostname, tmpdir, homedir, platform }
