/**
 * Reads the body of a request as text. Returns `undefined` if it has more than `most` bytes, and
 * keeps none of them.
 *
 * @throws TypeError if it is not UTF-8
 */
export async function readBody(request: Request, most: number): Promise<string | undefined> {
  if (!request.body) return ''
  if (Number(request.headers.get('content-length') ?? 0) > most) return undefined
  const reader = request.body.getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let whole = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return whole + decoder.decode()
    bytes += value.byteLength
    if (bytes > most) {
      void reader.cancel().catch(() => {})
      return undefined
    }
    whole += decoder.decode(value, { stream: true })
  }
}
