export { dashboard, type Dashboard } from './dashboard.ts'
export type { DashboardClient } from './actions.ts'
export type { DashboardOptions } from './options.ts'
export type { NodeHandler } from '../web/node-handler.ts'
