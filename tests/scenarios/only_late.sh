# only_late CODE FILE: whether a run ended so because it missed bounds of time, and nothing else, as FILE has it. How long
# something takes on a machine that runs other things is told by a test, and does not decide it.
only_late() {
  local missed
  (($1 == 1)) && missed=$(grep '^ *FAILED ' "$2") || return 1
  ! grep -qvE 'FAILED .* <=? [0-9.]+ (ns|us|ms|s)( |$)' <<<"$missed" && echo "late, on this machine: $missed"
}
