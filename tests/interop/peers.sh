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

# ---- a foreign peer and a node of ours, told what to do by lines of JSON ----

# meet NAME OPTION...: starts what the script's `foreign` does, and our node with these options; both take part in the topic
# news. Then $theirs and $ours are their addresses, and what they say is in $at, a directory called NAME.
meet() {
  at=$work/$1
  mkdir "$at" && mkfifo "$at/peer.in" "$at/node.in"
  foreign <"$at/peer.in" >"$at/peer.out" 2>"$at/peer.err" &
  pids+=($!)
  exec 5>"$at/peer.in"
  "$ghostnet" node --listen /ip4/127.0.0.1/tcp/0 --topic news --dht server "${@:2}" <"$at/node.in" >"$at/node.out" 2>"$at/node.err" &
  pids+=($!)
  exec 6>"$at/node.in"
  await "$at/peer.out" '"addr"'
  await "$at/node.out" '"listening"'
  theirs=$(sed -n 's/.*"addr":"\([^"]*\)".*/\1/p' "$at/peer.out")
  ours=$(address_in "$at/node.out")
  peer '{"do":"join","topic":"news"}' '"did":"join","ok":true'
}
# peer COMMAND REPLY, node COMMAND REPLY: REPLY is what a line of the answer matches.
peer() { echo "$1" >&5; await "$at/peer.out" "$2"; }
node() { echo "$1" >&6; await "$at/node.out" "$2"; }
part() {
  echo '{"id": 99, "do": "quit"}' >&6
  exec 5>&- 6>&-
}
