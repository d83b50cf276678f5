import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Module,
  NotFoundException,
  Param,
  Post,
  type OnApplicationShutdown,
} from '@nestjs/common'
import { createRuntime, type Runtime } from 'stepwright'
import { report, type Question } from './reports.ts'

const RUNTIME = Symbol('the runtime')

@Controller('reports')
export class ReportsController {
  readonly #runtime: Runtime

  constructor(@Inject(RUNTIME) runtime: Runtime) {
    this.#runtime = runtime
  }

  @Post()
  @HttpCode(202)
  async start(@Body() question: Question, @Headers('idempotency-key') key?: string): Promise<{ pid: string }> {
    const { pid } = await this.#runtime.start(report, question, { key })
    return { pid }
  }

  @Get(':pid')
  async find(@Param('pid') pid: string): Promise<object> {
    const info = await this.#runtime.get(pid)
    if (info === undefined) throw new NotFoundException()
    return { status: info.status, output: info.output, error: info.error?.message }
  }
}

/** One runtime for the application: services of Nest can be its `services`. */
@Module({
  controllers: [ReportsController],
  providers: [{ provide: RUNTIME, useFactory: () => createRuntime({ processes: [report] }) }],
})
export class ReportsModule implements OnApplicationShutdown {
  readonly #runtime: Runtime

  constructor(@Inject(RUNTIME) runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Nest hears the signals: it closes its server first, and then the host. */
  async onApplicationShutdown(): Promise<void> {
    await this.#runtime.close()
  }
}
