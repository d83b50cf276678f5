/** The files of the local page that embeds the Stately inspector. */

const html = (title: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css">
<iframe id="inspector" title="Stately inspector"></iframe>
<p id="note" role="status" hidden></p>
<script type="module" src="page.js"></script>
</html>
`

const CSS = `html,body,iframe{margin:0;width:100%;height:100%;border:0}
#note{position:fixed;left:50%;bottom:1rem;translate:-50%;margin:0;padding:.5rem 1rem;border-radius:.5rem;background:#222;color:#fff;font:14px system-ui}
`

const js = (
  inspector: string,
): string => `// From now on a cookie lets this browser in: the token must not be copied with the address, or kept in a bookmark.
history.replaceState(null, '', '/')

const address = ${JSON.stringify(inspector)}
const { origin } = new URL(address)
const frame = document.getElementById('inspector')
const note = document.getElementById('note')
let stream

const say = text => {
  note.textContent = text
  note.hidden = text === ''
}

// The inspector is ready, perhaps after a reload. A new stream begins with all that is live, and so
// does one that was cut off.
addEventListener('message', ({ source, origin: from, data }) => {
  if (source !== frame.contentWindow || from !== origin || data?.type !== '@statelyai.connected') return
  say('')
  stream?.close()
  stream = new EventSource('events')
  stream.addEventListener('message', ({ data }) => frame.contentWindow.postMessage(JSON.parse(data), origin))
  stream.addEventListener('open', () => say(''))
  stream.addEventListener('error', () => say('The program is not reachable. Trying again …'))
  stream.addEventListener('end', () => {
    stream.close()
    say('The program has closed its inspector.')
  })
})
say('Waiting for ' + address + ' …')
frame.src = address
`

export interface PageFile {
  readonly type: string
  readonly text: string
}

/** The files of the page, by path. */
export const pageFiles = (inspector: URL): Readonly<Record<string, PageFile>> => ({
  '/': { type: 'text/html; charset=utf-8', text: html('stepwright in the Stately inspector') },
  '/page.css': { type: 'text/css', text: CSS },
  '/page.js': { type: 'text/javascript; charset=utf-8', text: js(inspector.href) },
})

export const pageHeaders = (inspector: URL): Readonly<Record<string, string>> => ({
  'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; frame-src ${inspector.origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
})
