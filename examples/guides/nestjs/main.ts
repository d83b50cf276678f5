import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { ReportsModule } from './reports.module.ts'

const app = await NestFactory.create(ReportsModule, { logger: ['error', 'warn'] })
app.enableShutdownHooks(['SIGTERM', 'SIGINT'])
await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1')
console.log(await app.getUrl())
