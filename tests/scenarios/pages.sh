#!/usr/bin/env bash
# pages.sh SCENARIOS PAGES: every scenario of the library has a page, which the list of them names, and no page is left over.
set -uo pipefail
scenarios=$1 pages=$2 wrong=0
complain() { echo "$*"; wrong=1; }
for file in "$scenarios"/*.yaml; do
  name=$(basename "$file" .yaml)
  [[ -s $pages/$name.md ]] || { complain "$name has no page"; continue; }
  grep -q "($name.md)" "$pages/README.md" || complain "the list does not name $name"
  grep -q "scenarios/$name.yaml" "$pages/$name.md" || complain "the page of $name does not name its file"
done
for page in "$pages"/*.md; do
  name=$(basename "$page" .md)
  [[ $name == README || -e $scenarios/$name.yaml ]] || complain "a page of no scenario: $name"
done
exit $wrong
