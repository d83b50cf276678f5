import type { Command } from 'commander'
import type { Act } from '../with-client.ts'
export function addDiagram(_program: Command, _act: Act): void {}
