#!/usr/bin/env bash
# Runs fuzzers, two at a time on two cores, and says what they found.
#
#   scripts/fuzz.sh [--build DIR] [--seconds N] [--seed N [--runs N]] [NAME...]
#
# NAME is a fuzzer of tests/fuzz (tcp_host); without names it is all of them. --build is where they stand, built with the
# preset fuzz (the default, build/fuzz) or asan. Each takes --seconds (60) at most. What one learns stays in
# DIR/fuzz/corpus/NAME for the next time, and an input that breaks something in DIR/fuzz/NAME-crash-...: mend that, and
# make the input a file of tests/fuzz/corpus/NAME, which every build's tests replay.
#
# With --seed a run repeats: it starts from tests/fuzz/corpus alone, learns nothing for the next time, and takes the same
# inputs in the same order wherever it runs, as many as fit into its seconds but at most --runs (200000).
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit 3

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }

build=build/fuzz seconds=60 seed='' runs=200000
while [[ ${1:-} == --* ]]; do
  (($# > 1)) || usage
  case $1 in
    --build) build=$2 ;;
    --seconds) seconds=$2 ;;
    --seed) seed=$2 ;;
    --runs) runs=$2 ;;
    *) usage ;;
  esac
  shift 2
done
[[ $seconds =~ ^[0-9]+$ && $runs =~ ^[0-9]+$ && $seed =~ ^[0-9]*$ ]] || usage
names=("$@")
((${#names[@]})) || mapfile -t names < <(find tests/fuzz -name '*_fuzz.cpp' -printf '%f\n' | sed 's/_fuzz.cpp$//' | sort)

bin=$build/bin out=$build/fuzz
mkdir -p "$out" || exit 3
export bin out seconds seed runs

# fuzz NAME: one line and success, or what it printed last. Names with a list of what they must reach say that they have.
fuzz() {
  local name=$1 log=$out/$1.log corpus=tests/fuzz/corpus/$1 learnt=$out/corpus/$1 options=()
  [[ -x $bin/${name}_fuzz ]] || { echo "$name: there is no $bin/${name}_fuzz: no such fuzzer, or not built yet"; return 1; }
  options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -artifact_prefix="$out/$name-" -verbosity=0 -print_final_stats=1)
  [[ ! -e tests/fuzz/$name.dict ]] || options+=(-dict="tests/fuzz/$name.dict")
  if [[ $seed ]]; then
    # Operands of comparisons are learnt by addresses, and files of one size are taken as a directory lists them.
    local seeds
    seeds=$(find "$corpus" -type f | LC_ALL=C sort | paste -sd, -)
    options+=(-seed="$seed" -runs="$runs" -use_cmp=0 ${seeds:+-seed_inputs="$seeds"})
  else
    mkdir -p "$learnt" && options+=("$learnt" "$corpus")
  fi
  "$bin/${name}_fuzz" "${options[@]}" >"$log" 2>&1 || { echo "$name failed:"; tail -n 40 "$log"; return 1; }
  ! grep -E ': not reached:' "$log" || return 1
  echo "$name: $(sed -n 's/stat::number_of_executed_units: *//p' "$log") inputs"
  grep -Eo '^[^:]*: [0-9]+ of [0-9]+ [^:]*' "$log" || true
}
export -f fuzz

printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz {}'
