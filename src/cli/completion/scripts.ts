/**
 * What a shell runs at each TAB. It asks `stepwright completion` with the words typed so far, which
 * prints one candidate per line, with a description after a tab.
 */
const ASK = 'stepwright completion'

const BASH = `# stepwright completion bash
_stepwright() {
  local IFS=$'\\n' line
  COMPREPLY=()
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  while read -r line; do COMPREPLY+=("$(printf '%q' "\${line%%$'\\t'*}")"); done < <(${ASK} bash -- "\${words[@]}" 2>/dev/null)
}
complete -o default -F _stepwright stepwright
`

const ZSH = `#compdef stepwright
# stepwright completion zsh
_stepwright() {
  local -a values shown
  local line
  for line in "\${(@f)$(${ASK} zsh -- "\${(@Q)words[2,$CURRENT]}" 2>/dev/null)}"; do
    [[ -z "$line" ]] && continue
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line/$'\\t'/  }")
  done
  if (( \${#values} )); then compadd -l -d shown -a values; else _files; fi
}
compdef _stepwright stepwright
`

const FISH = `# stepwright completion fish
function __stepwright_complete
  set -l words (commandline -opc) (commandline -ct | string collect --allow-empty)
  ${ASK} fish -- $words[2..-1] 2>/dev/null
end
complete -c stepwright -k -a '(__stepwright_complete)'
`

export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const
export const SHELLS = Object.keys(SCRIPTS) as readonly (keyof typeof SCRIPTS)[]
