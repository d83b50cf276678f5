import { readLicence, type Copyleft } from './expression.ts'
import type { Package } from './package.ts'

export interface LicenceGroup {
  /** An SPDX expression, or the words of the manifests. */
  licence: string
  spdx: boolean
  copyleft: Copyleft
  packages: Package[]
}

export interface Grouped {
  /** Largest groups first. */
  groups: LicenceGroup[]
  /** Packages whose manifest states no licence. */
  missing: Package[]
  /** Packages whose manifest could not be read. */
  unreadable: Package[]
}

export function groupByLicence(packages: readonly Package[]): Grouped {
  const groups = new Map<string, LicenceGroup>()
  const missing: Package[] = []
  const unreadable: Package[] = []
  for (const found of packages) {
    if (found.problem !== undefined) unreadable.push(found)
    else if (found.licence === null) missing.push(found)
    else {
      const { name, spdx, copyleft } = readLicence(found.licence)
      const group = groups.get(name) ?? { licence: name, spdx, copyleft, packages: [] }
      groups.set(name, group)
      group.packages.push(found)
    }
  }
  const bySize = (a: LicenceGroup, b: LicenceGroup): number =>
    b.packages.length - a.packages.length || (a.licence < b.licence ? -1 : 1)
  return { groups: [...groups.values()].toSorted(bySize), missing, unreadable }
}

export interface Summary {
  packages: number
  licences: number
  copyleft: number
  choice: number
  missing: number
  notSpdx: number
  unreadable: number
}

export function summarize({ groups, missing, unreadable }: Grouped): Summary {
  const count = (counts: (group: LicenceGroup) => boolean): number =>
    groups.filter(counts).reduce((sum, { packages }) => sum + packages.length, 0)
  return {
    packages: count(() => true) + missing.length + unreadable.length,
    licences: groups.length,
    copyleft: count(({ copyleft }) => copyleft === 'yes' || copyleft === 'perhaps'),
    choice: count(({ copyleft }) => copyleft === 'choice'),
    missing: missing.length,
    notSpdx: count(({ spdx }) => !spdx),
    unreadable: unreadable.length,
  }
}
