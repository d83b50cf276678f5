/** What the steps of each definition of `definitions.ts` leave behind. */
export const TRAILS: Readonly<Record<string, string>> = {
  plain: 'abc',
  naps: 'abc',
  waits: 'awc',
  pauses: 'abc',
  asks: 'ac',
  loops: 'alllc',
  fans: 'lri5',
  parent: 'acdb',
  child: 'acd',
  ticks: 't',
}
