#!/usr/bin/env bash
# rfcs.sh PAGE TESTS...: each test that the page names (`Suite.Name`) is one of these programs'.
set -euo pipefail
page=$1
shift
has=$(for tests in "$@"; do
  "$tests" --gtest_list_tests | awk '/^[^ ]/ { suite = $1 } /^ / { sub(/\/.*/, "", $1); print suite $1 }'
done)
named=$(grep -o '`[A-Za-z0-9/]*\.[A-Za-z0-9]*`' "$page" | tr -d '`' | sort -u)
(($(wc -l <<<"$named") > 100)) || { echo "$page names hardly any tests"; exit 1; }
missing=$(grep -vxFf <(sort -u <<<"$has") <<<"$named" || true)
[[ -z $missing ]] || { echo "$page names tests that are not there:"; echo "$missing"; exit 1; }
