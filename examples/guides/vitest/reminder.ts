import { defineProcess, typed } from 'stepwright'

interface Mail {
  send(to: string, text: string): Promise<void>
}

export const reminder = defineProcess({
  name: 'reminder',
  input: typed<{ to: string }>(),
  services: typed<{ mail: Mail }>(),
})
  .sleep('a-week', '7d')
  .step('remind', ({ data, services }) => services.mail.send(data.to, 'Time to renew'), { retry: 3 })
