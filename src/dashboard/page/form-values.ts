/** The text of a field, trimmed. */
export function textIn(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

/**
 * The JSON of a field; `undefined` if it is empty. Throws an Error that says what is wrong with it.
 */
export function jsonIn(form: FormData, name: string): unknown {
  const text = textIn(form, name)
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch (error) {
    throw new Error(`This is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
