#!/usr/bin/env bash
# The voice path on the rig, beside peers, and one markdown table of it: two headless clients in two network namespaces with an
# emulated network between them. Needs root, network namespaces and an otherwise idle machine, so it is no part of CI.
#
#   RIG_DIR=../shared/rig tests/rig.sh [-r RUNS] [-o CONFIGURATIONS] [PEER…]      e.g.  tests/rig.sh mumble-best chromium-off
#
# -r: fresh runs, 3 if not said. -o: which of ours, of "10 20 40 crowd". PEER: as the rig's round.sh takes them.
# PARTYLINE: a built program to measure instead of this folder's. The rows stay in $RIG/out, where `tests/rig_table.py` finds them.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
runs=3
configurations="10 20 40 crowd"
while getopts r:o: option; do
  case $option in
    r) runs=$OPTARG ;;
    o) configurations=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))

if [ -z "${PARTYLINE:-}" ]; then
  (cd "$here/.." && cargo build --release --bin partyline)
  PARTYLINE=${CARGO_TARGET_DIR:-$here/../target}/release/partyline
fi
partyline=$(realpath "$PARTYLINE")
rig_dir=$(cd "${RIG_DIR:-$here/../../shared/rig}" && pwd)
set +u
# shellcheck source=/dev/null
. "$rig_dir/env.sh"
set -u
address=10.77.0.2:8787
# A party holds 16: A, B, and these.
others=14
tag=${TAG:-$(date +%H%M%S)}
logs=$RIG/log/ours
mkdir -p "$logs"

started=()
end_all() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  started=()
}
trap end_all EXIT

# in_namespace A|B LOG ARGUMENT…: leaves the client's own process id in $pid.
in_namespace() {
  local namespace=$1 log=$2
  shift 2
  "$rig_dir/in_ns.sh" "$namespace" "$partyline" "$@" >"$logs/$log" 2>"$logs/$log.err" &
  pid=$!
  started+=("$pid")
}

# headless A|B ACCOUNT ARGUMENT…
headless() {
  local namespace=$1 account=$2
  shift 2
  in_namespace "$namespace" "$account" headless --server "http://$address" --account "$account" --json "$@"
}

# said ACCOUNT TEXT: waits until it is in what this client said.
said() {
  for _ in $(seq 300); do
    grep -q -- "$2" "$logs/$1" && return
    sleep 0.1
  done
  echo "$1 never said $2:" >&2
  tail -n 5 "$logs/$1" "$logs/$1.err" >&2
  return 1
}

network() { "$rig_dir/impair.sh" set loss=0 delay=0 jitter=0 burst=1 >/dev/null; }

# party FRAME PROCESSING [MICROPHONE]: a sandbox, A and B in a party, each heard by the other directly; the ids go where the
# probes look. With a microphone, fourteen more that nobody measures.
party() {
  local names=(rigA) invitations=() sandbox a b name n
  network
  in_namespace B sandbox sandbox --listen "$address"
  sandbox=$pid
  said sandbox "$address"
  headless A rigA --mic micA --speaker spkA --frame-time "$1" --processing "$2" --join invitation
  a=$pid
  if [ $# -gt 2 ]; then
    for n in $(seq "$others"); do
      names+=("crowd$n")
      RIG_SCHED="nice" headless B "crowd$n" --mic "$3" --speaker none --join invitation
    done
  fi
  for name in "${names[@]}"; do
    said "$name" signed_in
    invitations+=(--invite "$name")
  done
  headless B rigB --mic micB --speaker spkB --frame-time "$1" --processing "$2" --create Rig "${invitations[@]}"
  b=$pid
  for name in "${names[@]}" rigB; do said "$name" '"state":"connected"'; done
  echo "{\"label\":\"ours\",\"pidsA\":[$a],\"pidsB\":[$b],\"pidsS\":[$sandbox]}" >"$RIG/run/ours.json"
  # Paths are found, jitter buffers and gain find their places.
  sleep 10
}

# measure LABEL RUN ARGUMENT…: of measure.py.
measure() {
  local label=$1 run=$2
  shift 2
  "$PY" "$rig_dir/measure.py" --state "$RIG/run/ours.json" --label "$label" --tag "_$tag-$run" "$@"
  end_all
}

# What A costs where nobody talks to it: `procstat` in one file for each number of others.
cost() {
  local a
  a=$(sed 's/.*"pidsA":\[\([0-9]*\)\].*/\1/' "$RIG/run/ours.json")
  "$PY" "$rig_dir/procstat.py" --pids "$a" --seconds 30 >"$RIG/out/$1_$tag-$2.json"
  end_all
}

ours() {
  case $1 in
    10)
      party 10 off
      measure ours-10 "$2" --parts talk
      ;;
    20)
      party 20 off
      measure ours-20 "$2" --parts quality --losses 0,5,10,20
      ;;
    40)
      party 40 on
      measure ours-40 "$2" --parts idle,talk,quality --losses 0
      ;;
    crowd)
      party 20 on
      cost crowd-alone "$2"
      party 20 on none
      cost crowd-silent "$2"
      party 20 on "file:$RIG/run/crowd.wav"
      cost crowd-talking "$2"
      ;;
    *)
      echo "no configuration of ours: $1" >&2
      return 2
      ;;
  esac
}

"$rig_dir/setup_audio.sh" start >/dev/null
"$rig_dir/impair.sh" start
"$PY" -c "import numpy, os, soundfile
sound, rate = soundfile.read(os.environ['RIG'] + '/data/speech48.wav')
soundfile.write(os.environ['RIG'] + '/run/crowd.wav', numpy.resize(sound, 240 * rate), rate)"
for run in $(seq "$runs"); do
  for configuration in $configurations; do
    echo "=== ours $configuration, run $run, $(date +%T)" >&2
    ours "$configuration" "$run" >&2
  done
  [ $# -eq 0 ] || "$rig_dir/round.sh" "_$tag-$run" "$@" >&2
done
"$PY" "$here/rig_table.py" "$RIG/out" "$tag"
