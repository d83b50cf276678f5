/**
 * The key of a process that is a step of another one, or an item of one: whoever starts it again
 * finds the one there is.
 */
export const childKey = (parent: string, step: string, failures: number, index?: number): string =>
  `child:${parent}:${step}${index === undefined ? '' : `#${index}`}:${failures}`
