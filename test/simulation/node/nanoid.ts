import { kernel } from './kernel.ts'

export const customAlphabet =
  (alphabet: string, size: number) =>
  (length = size): string => {
    let word = ''
    for (let count = 0; count < length; count++) word += alphabet[Math.floor(kernel().random() * alphabet.length)]
    return word
  }

export const nanoid = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-', 21)
