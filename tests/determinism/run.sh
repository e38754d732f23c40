#!/usr/bin/env bash
# One scenario, one seed, one digest: in ten processes, in every build that there is, with and without address-space
# randomisation, on another date, and without the processor's FMA and AVX2; and another digest for another seed. (That
# one flipped byte makes another one, too, is in the unit tests of both carriers.)
#
#   tests/determinism/run.sh [BUILD_DIRECTORY...]     default: every build/*/ that holds the program
set -uo pipefail

tree=$(cd "$(dirname "$0")/../.." && pwd)
builds=("$@")
[[ ${#builds[@]} -gt 0 ]] || for program in "$tree"/build/*/bin/ghostnet; do builds+=("$(dirname "$(dirname "$program")")"); done
first=${builds[0]}/bin/ghostnet
[[ -x $first ]] || { echo "determinism: there is no program in ${builds[*]}: build it first"; exit 2; }

passed=0 failed=0
other_date='2031-05-17 04:00:00'
plain_cpu=glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-FMA,-FMA_Usable,-AVX512F,-AVX_Fast_Unaligned_Load
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_odr_violation=0}  # as the launcher has it

# digest COMMAND...: that of the run that the command makes.
digest() { "$@" --json --quiet 2>/dev/null | sed -n 's/^ *"digest": "\(.*\)",$/\1/p'; }

# expect same|other WHAT COMMAND...
expect() {
  local relation=$1 what=$2 got
  got=$(digest "${@:3}")
  if [[ -n $got && ($relation == same && $got == "$reference" || $relation == other && $got != "$reference") ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "determinism: $what: digest ${got:-missing}, wanted $relation than $reference"
  fi
}

# What shall make no difference must be different: a condition that this machine cannot make is named, not passed.
can() {
  local what=$1
  "${@:2}" && return
  echo "determinism: left out, $what: not on this machine"
  return 1
}
randomises() { [[ $(cat /proc/sys/kernel/randomize_va_space) != 0 ]]; }
changes_date() { [[ $(faketime "$other_date" date +%Y 2>/dev/null) == 2031 ]]; }
cpu_features() { "$(echo /lib64/ld-linux-x86-64.so.*)" --list-diagnostics 2>/dev/null | grep '^x86.cpu_features.*active'; }
masks_cpu() { [[ $(cpu_features) != $(GLIBC_TUNABLES=$plain_cpu cpu_features) ]]; }

can "addresses not randomised" randomises && with_fixed_addresses=yes
can "another date" changes_date && with_date=yes
can "without FMA and AVX2" masks_cpu && with_plain_cpu=yes

# check NAME ARGUMENTS...: one scenario through all of it.
check() {
  local name=$1 run=(run "${@:2}")
  reference=$(digest "$first" "${run[@]}")
  [[ -n $reference ]] || { echo "determinism: $name: no digest"; failed=$((failed + 1)); return; }
  echo "determinism: $name: $reference"
  for i in {1..9}; do expect same "$name, process $i" "$first" "${run[@]}"; done
  for build in "${builds[@]}"; do expect same "$name, $(basename "$build")" "$build/bin/ghostnet" "${run[@]}"; done
  [[ ! ${with_fixed_addresses:-} ]] || expect same "$name, addresses not randomised" setarch -R "$first" "${run[@]}"
  [[ ! ${with_date:-} ]] || expect same "$name, on another date" faketime "$other_date" "$first" "${run[@]}"
  [[ ! ${with_plain_cpu:-} ]] ||
    GLIBC_TUNABLES=$plain_cpu expect same "$name, without FMA and AVX2" "$first" "${run[@]}"
  expect other "$name, seed + 1" "$first" "${run[@]}" --seed 43
}

check fabric "$tree/scenarios/hello-mesh.yaml" --until '5 s'
check ns3 "$tree/scenarios/echo.yaml" --carrier ns3 --until '3 s'
# Certificates and tickets, which know the date.
check tls "$tree/scenarios/gossip-mesh.yaml" --set network.hosts=20 --set libp2p.security=tls --until '10 s'

echo "$passed passed, $failed failed"
((failed == 0))
