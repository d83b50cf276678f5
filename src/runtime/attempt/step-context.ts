import { checkText } from '../../record/check.ts'
import { copyJson } from '../../record/json.ts'
import type { Json } from '../../record/record.ts'
import { waitsRefused } from '../../steps/run/cannot-wait.ts'
import type { StepContext } from '../../steps/work.ts'
import type { Workplace } from './workplace.ts'

/** What costs something, and is made when a step first asks for it. */
interface Lazy {
  data(): unknown
  input(): unknown
  signal(): AbortSignal
  once(): StepContext['once']
  output(): StepContext['output']
  waitFor(): StepContext['waitFor']
  sleep(): StepContext['sleep']
  start(): StepContext['start']
}

const property = (get: (this: LazyContext) => unknown): PropertyDescriptor => ({
  get,
  enumerable: true,
  configurable: true,
})

/**
 * The getters are the same in every context: for one that is new V8 makes a hidden class, and that
 * holds on to it until the next full collection.
 */
class LazyContext {
  static readonly #DATA = property(function () {
    return (this.#data ??= this.#lazy.data())
  })
  static readonly #INPUT = property(function () {
    return (this.#input ??= this.#lazy.input())
  })
  static readonly #SIGNAL = property(function () {
    return this.#lazy.signal()
  })
  static readonly #ONCE = property(function () {
    return this.#lazy.once()
  })
  static readonly #OUTPUT = property(function () {
    return this.#lazy.output()
  })
  static readonly #WAIT_FOR = property(function () {
    return this.#lazy.waitFor()
  })
  static readonly #SLEEP = property(function () {
    return this.#lazy.sleep()
  })
  static readonly #START = property(function () {
    return this.#lazy.start()
  })
  readonly #lazy: Lazy
  #data: unknown
  #input: unknown

  constructor(plain: Omit<StepContext, keyof Lazy>, lazy: Lazy) {
    this.#lazy = lazy
    Object.defineProperty(this, 'data', LazyContext.#DATA)
    Object.defineProperty(this, 'input', LazyContext.#INPUT)
    Object.defineProperty(this, 'signal', LazyContext.#SIGNAL)
    Object.defineProperty(this, 'once', LazyContext.#ONCE)
    Object.defineProperty(this, 'output', LazyContext.#OUTPUT)
    Object.defineProperty(this, 'waitFor', LazyContext.#WAIT_FOR)
    Object.defineProperty(this, 'sleep', LazyContext.#SLEEP)
    Object.defineProperty(this, 'start', LazyContext.#START)
    Object.assign(this, plain)
  }
}

/** `output` of a step's context. */
export const outputFrom =
  (process: Pick<Workplace, 'outputOf'>): StepContext['output'] =>
  async step =>
    copyJson((await process.outputOf(checkText(step, 'name of output()'))) as Json)

/** What a step is given: all of it are properties of its own, so that a step may spread it. */
export const stepContext = (plain: Omit<StepContext, keyof Lazy>, lazy: Lazy): StepContext =>
  new LazyContext(plain, lazy) as unknown as StepContext

/** Of work that cannot wait. */
export const waitsRefusedIn = (where: string): Pick<Lazy, 'waitFor' | 'sleep'> => ({
  waitFor: () => waitsRefused(where).waitFor,
  sleep: () => waitsRefused(where).sleep,
})
