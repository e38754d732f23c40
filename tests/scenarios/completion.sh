#!/usr/bin/env bash
# completion.sh GHOSTNET: the scripts know every command and option; bash completes by its own; the others are well formed
# where their shells are here.
set -uo pipefail
program=$1 wrong=0
complain() { echo "$*"; wrong=1; }

for shell in bash zsh fish; do
  script=$("$program" completion $shell) || complain "there is no script for $shell"
  for command in run check list bench completion; do
    grep -qw -- "$command" <<<"$script" || complain "$shell does not know $command"
  done
  for option in verify-determinism carrier set; do
    grep -q -- "$option" <<<"$script" || complain "$shell does not know --$option"
  done
done

source <("$program" completion bash) || complain "bash refuses its script"
complete_words() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  compopt() { :; }
  _ghostnet
  echo "${COMPREPLY[*]}"
}
[[ $(complete_words ghostnet ru) == run ]] || complain "ru is not completed to run"
[[ $(complete_words ghostnet run --verif) == --verify-determinism ]] || complain "--verif is not completed"
[[ $(complete_words ghostnet run --carrier n) == ns3 ]] || complain "the values of --carrier are not known"
[[ $(complete_words ghostnet results exp) == export ]] || complain "results exp is not completed"
[[ $(complete_words ghostnet results export --form) == --format ]] || complain "results export --form is not completed"
[[ $(complete_words ghostnet results export --format ju) == junit ]] || complain "the values of --format are not known"
[[ $(complete_words ghostnet results list --form) == "" ]] || complain "results list takes --format"
[[ $(complete_words ghostnet completion z) == zsh ]] || complain "the shells are not known"

# The commands of results have options of their own in every shell.
for option in confidence tolerance strict; do
  for shell in zsh fish; do
    grep -q -- "$option" <<<"$("$program" completion $shell)" || complain "$shell does not know --$option of results compare"
  done
done
if command -v fish >/dev/null; then
  offered() { fish -c "$("$program" completion fish); complete -C 'ghostnet $1'" | cut -f1 | tr '\n' ' '; }
  [[ $(offered 'results exp') == "export " ]] || complain "fish: results exp: $(offered 'results exp')"
  [[ $(offered 'results compare --conf') == "--confidence " ]] || complain "fish: $(offered 'results compare --conf')"
  [[ $(offered 'results list --conf') == "" ]] || complain "fish: results list takes --confidence"
fi

for shell in zsh fish; do
  command -v $shell >/dev/null || continue
  "$program" completion $shell | $shell -n || complain "$shell refuses its script"
done
exit $wrong
