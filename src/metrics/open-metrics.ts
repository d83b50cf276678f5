/** Numbers with the same name and meaning, one for each set of labels. */
export interface Gauge {
  readonly name: string
  /** The last part of the name, if the numbers have a unit. */
  readonly unit?: 'seconds'
  readonly help: string
  readonly samples: readonly Sample[]
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export const CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** The text that Prometheus and other collectors read: OpenMetrics 1.0. */
export const openMetrics = (gauges: readonly Gauge[]): string => `${gauges.flatMap(linesOf).join('\n')}\n# EOF\n`

function linesOf({ name, unit, help, samples }: Gauge): string[] {
  return [
    `# TYPE ${name} gauge`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escape(help)}`,
    ...samples.map(({ labels, value }) => `${name}{${labelsOf(labels)}} ${value}`),
  ]
}

const labelsOf = (labels: Sample['labels']): string =>
  Object.entries(labels)
    .map(([label, value]) => `${label}="${escape(value)}"`)
    .join(',')

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
