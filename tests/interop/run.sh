#!/usr/bin/env bash
# All interoperability tests against other implementations: each <name>/run.sh below. 0: all passed or were skipped, with
# the reason printed.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
failed=0
for script in "$here"/*/run.sh; do
  name=$(basename "$(dirname "$script")")
  echo "== $name"
  "$script" "$@"
  code=$?
  [[ $code == 0 || $code == 77 ]] || failed=1
done
exit $failed
