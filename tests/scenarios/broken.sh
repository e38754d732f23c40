#!/usr/bin/env bash
# broken.sh GHOSTNET DIRECTORY: every file of expected.txt is refused with exit code 2, with the text that stands there, on
# at most 24 lines of at most 500 bytes; and no file of the directory is left out of it.
set -uo pipefail
program=$1 directory=$2 wrong=0 count=0
complain() { echo "$file: $*"; wrong=1; }

while IFS= read -r line; do
  [[ $line != '#'* ]] || continue
  file=${line%%: *} expected=${line#*: } count=$((count + 1))
  said=$("$program" check "$directory/$file" 2>&1 </dev/null); code=$?
  ((code == 2)) || complain "exit code $code, not 2"
  grep -qF -- "$expected" <<<"$said" || complain "expected '$expected', but it said: $said"
  (($(wc -l <<<"$said") <= 24)) || complain "more than a screen"
  (($(wc -L <<<"$said") <= 500)) || complain "a line of more than 500 bytes"
done <"$directory/expected.txt"

for path in "$directory"/*.yaml; do
  file=$(basename "$path")
  grep -q "^$file: " "$directory/expected.txt" || complain "is not in expected.txt"
done
((count >= 50)) || { echo "only $count files"; wrong=1; }
exit $wrong
