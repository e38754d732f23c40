# For scripts that try the program, PROGRAM SCENARIOS_DIRECTORY: a directory to be in that goes away, and what says how the
# outcome differs from what was wanted. `failed` is 1 once something did.
program=$1 scenarios=$2
place=$(mktemp -d) && trap 'rm -rf "$place"' EXIT
cd "$place" || exit 1
failed=0

ghostnet() { "$program" "$@"; }
# is WHAT GOT WANTED
is() {
  [[ $2 == "$3" ]] && return
  echo "$1: got '$2', wanted '$3'"
  failed=1
}
# ends WHAT CODE WORDS COMMAND...: its exit code, and words that it says.
ends() {
  local said code
  said=$("${@:4}" 2>&1)
  code=$?
  is "$1: exit code" "$code" "$2"
  [[ $said == *"$3"* ]] || { echo "$1: does not say '$3' but: $said"; failed=1; }
}
