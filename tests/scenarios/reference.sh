#!/usr/bin/env bash
# reference.sh GHOSTNET PAGE: the page is what `ghostnet list --reference` prints, or becomes it with GHOSTNET_UPDATE_GOLDENS.
set -euo pipefail
program=$1 page=$2
new=$(mktemp) && trap 'rm -f "$new"' EXIT
"$program" list --reference >"$new"
if diff -u "$page" "$new"; then exit 0; fi
if [[ ${GHOSTNET_UPDATE_GOLDENS:-} ]]; then
  cp "$new" "$page"
  echo "$page is written anew"
  exit 0
fi
echo "$page is not what the program prints: ./ghostnet list --reference > docs/scenario-reference.md"
exit 1
