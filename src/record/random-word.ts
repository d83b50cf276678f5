import { customAlphabet } from 'nanoid'

/** 11 random characters of [0-9a-z]: 57 bits. */
export const randomWord = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 11)
