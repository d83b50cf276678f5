/** Text from a file for Markdown, also in a table: in one line, without control characters. */
export const markdown = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').replaceAll(/[\\`*_[\]<>|#~&]/g, '\\$&')

export const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
