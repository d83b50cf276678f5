/**
 * Put the web page into an application.
 *
 * @module stepwright/dashboard
 */

export { dashboard, type Dashboard } from './dashboard.ts'
export type { DashboardClient } from './act.ts'
export type { DashboardOptions } from './dashboard-options.ts'
export type { NodeHandler } from '../web/node-handler.ts'
