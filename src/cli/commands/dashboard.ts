import type { Command } from 'commander'
import type { Act } from '../with-client.ts'
export function addDashboard(_program: Command, _act: Act): void {}
