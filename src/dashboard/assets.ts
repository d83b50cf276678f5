import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the page is in the package, and where a checkout builds it. */
const FOLDERS = ['./assets/', '../../dist/dashboard/assets/'].map(folder =>
  fileURLToPath(new URL(folder, import.meta.url)),
)

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  svg: 'image/svg+xml',
}

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>
  readonly type: string
  /** Whether its name changes with its content. */
  readonly immutable: boolean
}

/** The files of the page. */
export class Assets {
  readonly #folders: readonly string[]
  readonly #known = new Map<string, Asset>()

  constructor(folder?: string) {
    this.#folders = folder === undefined ? FOLDERS : [folder]
  }

  async get(name: string): Promise<Asset | undefined> {
    const known = this.#known.get(name)
    const type = TYPES[name.replace(/.*\./, '')]
    if (known || type === undefined || !/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/.test(name)) return known
    for (const folder of this.#folders) {
      const body = await readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      if (!body) continue
      const asset = { body: new Uint8Array(body), type, immutable: name !== 'index.html' }
      this.#known.set(name, asset)
      return asset
    }
    return undefined
  }
}
