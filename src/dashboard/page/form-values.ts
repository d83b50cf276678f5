/** What was typed into a field, without blanks around it. */
export function textIn(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

/** JSON as it was typed; `undefined` if nothing was. Throws an Error that says what is wrong with it. */
export function jsonIn(form: FormData, name: string): unknown {
  const text = textIn(form, name)
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch (error) {
    throw new Error(`This is no JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
