#!/usr/bin/env bash
# A sweep over three ranks, of which one is killed: the others make all of theirs and say what is missing, and --resume makes
# that and nothing twice. Skipped (77) where there is no Open MPI.
#
#   tests/cli/mpi.sh PROGRAM SCENARIOS_DIRECTORY
set -uo pipefail
program=$1 scenarios=$2 failed=0
command -v mpirun >/dev/null && mpirun --version 2>/dev/null | grep -q 'Open MPI' || { echo "no Open MPI"; exit 77; }
place=$(mktemp -d) && trap 'rm -rf "$place"' EXIT
cd "$place" || exit 1
is() {
  [[ $2 == "$3" ]] && return
  echo "$1: got '$2', wanted '$3'"
  failed=1
}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PROGRAM=$program
over_ranks() {
  mpirun --oversubscribe --enable-recovery -n 3 \
    bash -c 'echo $$ >rank.$OMPI_COMM_WORLD_RANK; exec "$PROGRAM" "$@"' rank "$@"
}
statuses() {
  "$program" results export --db all.sqlite --table run_overview 1-1000 | tail -n +2 | cut -d, -f4 | sort | uniq -c |
    awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }'
}
sweep=(run "$scenarios/hello-mesh.yaml" --until '15 s' --set 'expect=[echo.requests > 0]' --set network.hosts=600
  --repeat 9 --jobs 1 --quiet --db all.sqlite)

over_ranks "${sweep[@]}" 2>said &
launcher=$!
# Killed when a run of its own is under way: the second of its three, at the latest.
for ((i = 0; i < 600; ++i)); do
  [[ -s rank.1 ]] && "$program" results list --db all.sqlite 2>/dev/null | grep -q ' passed ' && break
  sleep 0.1
done
rank=$(cat rank.1)
children=$(pgrep -P "$rank" | tr '\n' ' ')
kill -9 "$rank"
wait $launcher  # whose exit code says nothing once it was told to go on
grep -q 'runs are missing: their ranks were lost' said || { echo "nobody said so: $(cat said)"; failed=1; }
for child in $children; do
  kill -0 "$child" 2>/dev/null && { echo "a process of the lost rank is left"; failed=1; }
done
missing=$(sed -n 's/.*: \([0-9]*\) of 9 runs are missing.*/\1/p' said | head -1)
passed=$("$program" results export --db all.sqlite --table run_overview 1-1000 | grep -c ',passed,')
is "what is said to be missing" "$missing" "$((9 - passed))"
((passed >= 6 && passed < 9)) || { echo "after the loss: $(statuses)"; failed=1; }

"$program" "${sweep[@]}" --resume || { echo "--resume: exit code $?"; failed=1; }
is "after --resume: runs that passed" "$("$program" results export --db all.sqlite --table run_overview 1-1000 | grep -c ',passed,')" 9
exit $failed
