/**
 * The state value of a machine in one line: `review.reading`, and for parallel states `a.x, b.y`.
 */
export const stateText = (value: unknown): string => pathsOf(value).join(', ')

function pathsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Object.entries(value ?? {}).flatMap(([key, inner]) => {
    const paths = pathsOf(inner)
    return paths.length === 0 ? [key] : paths.map(path => `${key}.${path}`)
  })
}
