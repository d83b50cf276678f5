import parse from 'spdx-expression-parse'

type Expression = ReturnType<typeof parse>

/**
 * 'choice': another of the offered licences can be chosen instead. 'perhaps': not SPDX, so only its
 * words say so.
 */
export type Copyleft = 'yes' | 'choice' | 'perhaps' | 'no'

export interface Licence {
  /** An SPDX expression, always in the same order, or the words of the manifest. */
  readonly name: string
  readonly spdx: boolean
  readonly copyleft: Copyleft
}

const FAMILIES = [
  'AGPL',
  'GPL',
  'LGPL',
  'MPL',
  'EPL',
  'CPL',
  'IPL',
  'CDDL',
  'EUPL',
  'OSL',
  'SSPL',
  'RPL',
  'APSL',
  'CPAL',
  'MS-RL',
  'QPL',
  'NPL',
  'GFDL',
  'ODbL',
  'CC-BY-SA',
  'CC-BY-NC-SA',
  'CECILL-[12C]',
  'CERN-OHL-[SW]',
  'copyleft-next',
  'Sleepycat',
].join('|')
const COPYLEFT = new RegExp(`^(${FAMILIES})`)
const COPYLEFT_WORDS = new RegExp(`\\b(${FAMILIES}|GNU|Mozilla|Eclipse|copyleft|share-?alike)`, 'i')

/**
 * Parses the licence of a manifest. Anything that is not an SPDX expression is kept as it is,
 * without a guess.
 */
export function readLicence(stated: string): Licence {
  let expression: Expression
  try {
    expression = parse(stated)
  } catch {
    return { name: stated, spdx: false, copyleft: COPYLEFT_WORDS.test(stated) ? 'perhaps' : 'no' }
  }
  return { name: show(expression), spdx: true, copyleft: copyleftOf(expression) }
}

/** An OR is copyleft only if all its sides are; an AND if one of them is. */
function copyleftOf(expression: Expression): 'yes' | 'choice' | 'no' {
  if ('license' in expression) return COPYLEFT.test(expression.license) ? 'yes' : 'no'
  const [left, right] = [copyleftOf(expression.left), copyleftOf(expression.right)]
  if (left === right) return left
  return expression.conjunction === 'and' && (left === 'yes' || right === 'yes') ? 'yes' : 'choice'
}

function show(expression: Expression): string {
  if ('license' in expression) {
    const { license, plus, exception } = expression
    return `${license}${plus ? '+' : ''}${exception === undefined ? '' : ` WITH ${exception}`}`
  }
  const { conjunction } = expression
  const names = sidesOf(expression, conjunction).map(side => {
    const name = show(side)
    return conjunction === 'and' && 'conjunction' in side ? `(${name})` : name
  })
  return [...new Set(names)].toSorted().join(conjunction === 'and' ? ' AND ' : ' OR ')
}

/** `A OR (B OR C)` has three sides. */
function sidesOf(expression: Expression, conjunction: 'and' | 'or'): Expression[] {
  if (!('conjunction' in expression) || expression.conjunction !== conjunction) return [expression]
  return [...sidesOf(expression.left, conjunction), ...sidesOf(expression.right, conjunction)]
}
