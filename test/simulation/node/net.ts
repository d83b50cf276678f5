import { EventEmitter } from 'node:events'
import type { Connection, Ends } from '../kernel/sockets.ts'
import { call, kernel, toError } from './kernel.ts'

export class Socket extends EventEmitter {
  connection: Connection | undefined
  #isClosed = false

  /** @returns what the kernel tells it */
  ends(): Ends {
    return {
      onConnect: () => this.#isClosed || this.emit('connect'),
      onData: text => this.#isClosed || this.emit('data', text),
      onClose: code => {
        if (code !== undefined) this.fail(toError('read', { code, message: code }))
        else {
          this.emit('end')
          this.destroy()
        }
      },
    }
  }

  fail(error: Error): void {
    if (this.#isClosed) return
    this.emit('error', error)
    this.destroy()
  }

  write(text: string, done?: () => void): boolean {
    if (!this.#isClosed) {
      call('write', () => this.connection?.send(text))
      if (done) kernel().io(done)
    }
    return true
  }

  end(text?: string, done?: () => void): this {
    if (text !== undefined) this.write(text)
    if (done) kernel().io(done)
    return this
  }

  destroy(): this {
    if (this.#isClosed) return this
    this.#isClosed = true
    this.connection?.close()
    kernel().io(() => this.emit('close'))
    return this
  }

  setEncoding(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  unref(): this {
    return this
  }

  ref(): this {
    return this
  }
}

export function createConnection({ path }: { path: string }): Socket {
  const socket = new Socket()
  try {
    socket.connection = call('connect', kernel => kernel.connect(path, socket.ends()))
  } catch (error) {
    kernel().io(() => socket.fail(error as Error))
  }
  return socket
}

export const connect = createConnection

class Server extends EventEmitter {
  #stop: (() => void) | undefined
  listening = false

  constructor(onConnection?: (socket: Socket) => void) {
    super()
    if (onConnection) this.on('connection', onConnection)
  }

  listen({ path }: { path: string }): this {
    try {
      this.#stop = call('listen', kernel =>
        kernel.listen(path, connection => {
          const socket = new Socket()
          socket.connection = connection
          this.emit('connection', socket)
          return socket.ends()
        }),
      )
      this.listening = true
      kernel().io(() => this.emit('listening'))
    } catch (error) {
      kernel().io(() => this.emit('error', error))
    }
    return this
  }

  close(done?: () => void): this {
    if (done) this.once('close', done)
    this.listening = false
    call('close', () => this.#stop?.())
    kernel().io(() => this.emit('close'))
    return this
  }

  unref(): this {
    return this
  }
}

export const createServer = (onConnection?: (socket: Socket) => void): Server => new Server(onConnection)

export default { createServer, createConnection, connect, Socket }
