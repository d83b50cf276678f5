/** Text from a file as Markdown shows it, also in a table: in one line, without what would steer a terminal. */
export const markdown = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').replaceAll(/[\\`*_[\]<>|#~&]/g, '\\$&')

export const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`
