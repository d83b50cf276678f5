// Runs in the browser: hands what the Node process tells on to the Stately inspector in the frame.
const INSPECTOR = 'https://stately.ai/inspect'
const { origin } = new URL(INSPECTOR)

const frame = document.getElementById('inspector')
let events

addEventListener('message', ({ source, origin: from, data }) => {
  if (source !== frame.contentWindow || from !== origin || data?.type !== '@statelyai.connected') return
  // The inspector is ready, perhaps after a reload. A new stream begins with all that is live.
  events?.close()
  events = new EventSource('/events')
  events.addEventListener('message', event => frame.contentWindow.postMessage(JSON.parse(event.data), origin))
  events.addEventListener('end', () => events.close())
})
frame.src = INSPECTOR
