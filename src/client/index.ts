/**
 * Follow and steer processes from any Node process, without their definitions.
 *
 * @module stepwright/client
 */

export { openClient } from './open-client.ts'
export { toWebStream } from './web-stream.ts'
export type { StreamChunk, StreamPart, StreamReset, StreamSource } from './read-stream.ts'
export type {
  AdoptOptions,
  BulkOptions,
  BulkQuery,
  BulkStep,
  CancelAllOptions,
  CancelOptions,
  Client,
  ForkOptions,
  ProceedOptions,
  ListOptions,
  LogInfo,
  LogOptions,
  PauseInfo,
  QueueOptions,
  ScheduleInfo,
  SendOptions,
  Steered,
  StreamOptions,
  Submission,
  SubmitOptions,
  WaitOptions,
  WatchAllOptions,
} from './client.ts'
export type { MemoryInfo } from '../record/memory-info.ts'
export type { HistoryEntry, ProcessInfo, ProcessStepInfo } from '../record/info.ts'
export {
  ProcessCancelledError,
  ProcessError,
  SubmitError,
  ProcessTimeoutError,
  ProcessUndoError,
  StepwrightError,
  type ErrorCode,
} from '../errors.ts'
