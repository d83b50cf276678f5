export { inspector, type Inspector, type InspectorOptions } from './inspector.ts'
