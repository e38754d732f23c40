#!/usr/bin/env bash
# try.sh GREET: one process of the example waits, another is greeted by it.
set -euo pipefail
said=$(mktemp)
"$1" >"$said" &
waiting=$!
trap 'kill $waiting 2>/dev/null || true; rm -f "$said"' EXIT
for _ in $(seq 100); do [[ -s $said ]] && break || sleep 0.1; done
address=$(<"$said")
greeting=$(timeout 20 "$1" "$address" Ada)
echo "$greeting"
[[ $greeting == "Hello Ada, I am ${address##*/}" ]]
kill -TERM $waiting
wait $waiting
