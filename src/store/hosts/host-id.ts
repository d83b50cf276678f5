import { randomWord } from '../../record/random-word.ts'

const HOST_ID = /^h[0-9a-z]{11}$/

/** Ids are never used twice, so a host that was found dead stays dead. */
export const createHostId = (): string => `h${randomWord()}`

export const isHostId = (text: unknown): text is string => typeof text === 'string' && HOST_ID.test(text)
