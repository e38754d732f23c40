# For scripts that run live nodes, alone or against other people's programs: $work, a directory that goes away with the processes in
# $pids, and what such scripts say, wait for and install.
work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

skip() { echo "SKIPPED: $1"; exit 77; }
fail() { echo "FAILED: $1"; shift; for file in "$@"; do echo "--- $file"; cat "$file"; done; exit 1; }
# Waits until the file has a line that matches, for thirty seconds.
await() {
  for _ in $(seq 300); do
    grep -q "$2" "$1" && return 0
    sleep 0.1
  done
  fail "no line with $2" "$1"
}
# The address, with its peer, that `ghostnet node` said it listens at.
address_in() { sed -n 's/.*"addr":"\([^"]*\)".*"listening".*/\1/p' "$1"; }
base64_of() { printf '%s' "$1" | base64 -w0; }

# needs PROGRAM...: skips where one is missing; in CI that is a failure, since a row that it skips is none that it passed.
needs() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null && continue
    [[ ! ${CI:-} ]] || fail "$program is not installed"
    skip "$program is not installed"
  done
}
# without WHAT LOG COMMAND...: what came from a registry is not there. A registry that answers COMMAND has to give it.
without() {
  if "${@:3}" >/dev/null 2>&1; then fail "$1 cannot be had, and its registry answers" "$2"; fi
  skip "$1 cannot be had: its registry does not answer"
}
