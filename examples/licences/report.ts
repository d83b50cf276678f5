import { summarize, type Grouped, type LicenceGroup } from './group.ts'
import type { Package } from './package.ts'
import { markdown, plural } from './text.ts'

const COPYLEFT_NOTES = {
  yes: 'copyleft',
  perhaps: 'perhaps copyleft: its words say so',
  choice: 'can be used without copyleft: one of the others may be chosen',
  no: '',
} as const

/** The report as Markdown: first what needs attention, then everything. */
export function writeReport(folder: string, grouped: Grouped): string {
  const { groups, missing, unreadable } = grouped
  const { packages, licences } = summarize(grouped)
  const copyleft = groups.filter(group => group.copyleft !== 'no')
  const strange = groups.filter(group => !group.spdx)
  const withoutFile = groups.flatMap(group => group.packages).filter(({ file }) => file === undefined)
  return [
    '# Licences',
    `${plural(packages, 'package')} under ${plural(licences, 'licence')}, installed in ${markdown(folder)}.`,
    ...section(
      'Copyleft',
      'If you distribute these packages, you may have to provide their source.',
      copyleft,
      byPackage(({ copyleft }) => COPYLEFT_NOTES[copyleft]),
    ),
    ...section('No licence', 'The manifest states none.', missing, found => [
      `- ${label(found)}: ${found.file === undefined ? 'no licence file either' : `but \`${found.file}\` begins "${markdown(found.title ?? '')}"`}`,
    ]),
    ...section(
      'Not SPDX',
      'The words of the manifest.',
      strange,
      byPackage(() => ''),
    ),
    ...section('Unreadable', 'These packages are not counted under any licence.', unreadable, found => [
      `- ${label(found)}: ${markdown(found.problem ?? '')}`,
    ]),
    ...section(
      'No licence text',
      'The manifest states a licence, but the package does not contain its text.',
      withoutFile,
      found => [`- ${label(found)}`],
    ),
    '## All licences',
    ['| licence | packages | |', '|---|--:|---|', ...groups.map(row)].join('\n'),
    ...groups.flatMap(({ licence, packages }) => [
      `### ${markdown(licence)}`,
      packages.map(found => `- ${label(found)}`).join('\n'),
    ]),
  ]
    .join('\n\n')
    .concat('\n')
}

function section<T>(title: string, meaning: string, items: readonly T[], lines: (item: T) => string[]): string[] {
  return items.length === 0 ? [] : [`## ${title}`, meaning, items.flatMap(lines).join('\n')]
}

const byPackage =
  (note: (group: LicenceGroup) => string) =>
  (group: LicenceGroup): string[] =>
    group.packages.map(
      found => `- ${label(found)}: ${[markdown(group.licence), note(group)].filter(Boolean).join(', ')}`,
    )

function label({ name, version, path, note }: Package): string {
  const place = path === name ? '' : ` in ${markdown(path)}`
  return `${markdown(name)} ${markdown(version)}${place}${note === undefined ? '' : ` (${note})`}`
}

const row = ({ licence, packages, copyleft }: LicenceGroup): string =>
  `| ${markdown(licence)} | ${packages.length} | ${COPYLEFT_NOTES[copyleft]} |`
