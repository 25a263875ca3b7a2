#!/usr/bin/env bash
# Measure the peers on this machine, one after the other, and print one table.
#
#   run.sh            build the peers, make the captures, decode and retrieve with each
#   run.sh compile    build a minimal program cold, with vim_rs and with our client: CPU seconds, peak memory, binary size
#
# Environment, all optional:
#   OUT       where everything is built and kept ($TMPDIR/vsphere-peers)
#   PEERS     which peers (quick_xml vim_rs govmomi pyvmomi); vim_rs takes 10 minutes and 8 GB to build
#   OURS      another program of ours than the benches' own, with the same modes and output as the peers: `decode FILE N`,
#             `retrieve URL N`; or `none`
#   MINIMAL   folder of our minimal program for `compile` (../minimal), or `none`
#   CAPTURE   the answer to decode and to serve ($OUT/captures/vms_2000_vcenter.xml)
#   REPLAY    a replay server that is already built
#   RESULTS   where the figures are kept for `cargo bench` (../../target/bench)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${OUT:=${TMPDIR:-/tmp}/vsphere-peers}"
OUT=$(cd "$OUT" && pwd)
PEERS=${PEERS:-quick_xml vim_rs govmomi pyvmomi}
bin=$OUT/bin
results=${RESULTS:-$here/../../target/bench}
mkdir -p "$bin" "$results"

build_peer() {
  case $1 in
    # The same target folder as vim_rs_minimal has under `compile`, so that vim_rs is not built twice.
    vim_rs) cargo_peer vim_rs vim_rs ;;
    quick_xml) cargo_peer quick_xml quick_xml ;;
    govmomi) go build -C "$here/govmomi" -o "$bin/govmomi_peer" . ;;
    pyvmomi)
      [ -x "$OUT/venv/bin/python" ] || python3 -m venv "$OUT/venv"
      "$OUT/venv/bin/pip" install --quiet --require-hashes -r "$here/pyvmomi/requirements.txt" ;;
    *) echo "unknown peer $1" >&2; exit 1 ;;
  esac
}

cargo_peer() {
  cargo build --quiet --release --locked --manifest-path "$here/$1/Cargo.toml" --target-dir "$OUT/target/$2"
  cp "$OUT/target/$2/release/$1_peer" "$bin/"
}

run_peer() {
  local peer=$1; shift
  case $peer in
    pyvmomi) PYTHONDONTWRITEBYTECODE=1 "$OUT/venv/bin/python" "$here/pyvmomi/pyvmomi_peer.py" "$@" ;;
    govmomi) "$bin/govmomi_peer" -allocs "$@" ;;
    ours) $OURS "$@" ;;
    *) "$bin/${peer}_peer" "$@" ;;
  esac
}

# A slow peer gets fewer rounds.
rounds() { case $1 in pyvmomi) echo 3 ;; *) echo 11 ;; esac; }

# A program of the workspace, which is built with it.
build_own() {
  cargo build --quiet --release --locked --manifest-path "$here/../../Cargo.toml" -p "$1" --bin "$2"
  echo "${CARGO_TARGET_DIR:-$here/../../target}/release/$2"
}

# The value of KEY in a line of `key=value` words.
value() { grep -o "\b$1=[^ ]*" <<<"$2" | head -n 1 | cut -d= -f2 || true; }

compare() {
  local peer line floor=
  for peer in $PEERS; do build_peer "$peer"; done
  OURS=${OURS:-$(build_own benches ours)}
  [ "$OURS" != none ] || OURS=
  if [ -z "${CAPTURE:-}" ]; then
    bash "$here/../../tests/referee/build.sh" "$OUT/referee"
    PYTHONDONTWRITEBYTECODE=1 python3 "$here/capture/capture.py" "$OUT/referee/vcsim" "$OUT/captures"
    CAPTURE=$OUT/captures/vms_2000_vcenter.xml
  fi
  if [ -z "${REPLAY:-}" ]; then
    REPLAY=$(build_own replay replay)
  fi
  local server
  # Written by an earlier run: its last line would be taken for this one's.
  rm -f "$OUT/replay.txt"
  "$REPLAY" "$CAPTURE" >"$OUT/replay.txt" & server=$!
  # shellcheck disable=SC2064 # the process of now
  trap "kill $server" EXIT
  for _ in $(seq 100); do grep -q '^sha256=' "$OUT/replay.txt" 2>/dev/null && break; sleep 0.1; done
  local url
  url=$(value https "$(cat "$OUT/replay.txt")")
  [ -n "$url" ] || { echo "the replay server did not start" >&2; exit 1; }

  echo "decode: $(basename "$CAPTURE"), $(stat -c %s "$CAPTURE") bytes from memory; retrieve: 10,000 VMs over HTTPS from the replay server"
  printf '%-10s %12s %10s %12s %12s %14s %14s\n' peer 'decode MB/s' VMs/s 'of quick-xml' allocs/VM 'retrieve VMs/s' 'peak RSS MB'
  : >"$OUT/results.txt"
  for peer in $PEERS ${OURS:+ours}; do
    local decoded retrieved=
    decoded=$(run_peer "$peer" decode "$CAPTURE" "$(rounds "$peer")")
    [ "$peer" = quick_xml ] || retrieved=$(run_peer "$peer" retrieve "$url" 3)
    printf '%s\n%s\n' "$decoded" "$retrieved" >>"$OUT/results.txt"
    line=$(value mb_per_s "$decoded")
    if [ "$peer" = quick_xml ]; then floor=$line; fi
    printf '%-10s %12s %10s %12s %12s %14s %14s\n' "$peer" "$line" "$(value objects_per_s "$decoded")" \
      "$([ -z "$floor" ] || awk -v a="$line" -v b="$floor" 'BEGIN { printf "%.2f", a / b }')" \
      "$(value allocs_per_object "$decoded")" "$(value objects_per_s "$retrieved")" "$(value peak_rss_mb "$retrieved")"
  done
  # Whole or not at all: ratios are taken within one run only.
  cp "$OUT/results.txt" "$results/peers.txt"
}

# compile_cold NAME FOLDER CRATES [FLAGS]: a cold release build of the package in FOLDER, and what CRATES (a|b|c) took of it.
# Its figures replace those of an earlier run, so that a slow program need not be built anew with the others.
compile_cold() {
  local name=$1 folder=$2 crates=$3 target=$OUT/target/$1 log=$OUT/compile_$1.txt kept=$results/compile.txt binary line
  shift 3
  binary=$(sed -n 's/^name = "\(.*\)"/\1/p' "$folder/Cargo.toml" | head -n 1)
  cargo fetch --quiet --manifest-path "$folder/Cargo.toml"
  rm -rf "$target" "$log"
  CRATE_LOG=$log RUSTC_WRAPPER=$here/rustc_log.sh CARGO_BUILD_JOBS=2 /usr/bin/time -v -o "$OUT/time_$name.txt" \
    cargo build --quiet --release --offline --manifest-path "$folder/Cargo.toml" --target-dir "$target" "$@"
  strip -o "$target/stripped" "$target/release/$binary"
  line=$(awk -v name="$name" -v crates="^($crates)\$" -v size="$(stat -c %s "$target/stripped")" '
    NR == FNR { if (/User time/) user = $NF; if (/Maximum resident/) peak = $NF; if (/Elapsed/) wall = $NF; next }
    $5 ~ crates { own += $1; if ($4 > most) most = $4 }
    END { printf "program=%s wall=%s user_s=%.2f peak_kb=%d own_user_s=%.2f own_peak_kb=%d stripped=%d\n",
      name, wall, user, peak, own, most, size }
  ' "$OUT/time_$name.txt" "$log")
  touch "$kept"
  { grep -v "^program=$name " "$kept" || true; echo "$line"; } >"$kept.part"
  mv "$kept.part" "$kept"
  awk '{ for (i = 1; i <= NF; i++) { split($i, word, "="); of[word[1]] = word[2] }
    printf "%-10s %10s %12.0f %14.2f %16.0f %18.2f %14.1f\n", of["program"], of["wall"], of["user_s"],
      of["peak_kb"] / 1e6, of["own_user_s"], of["own_peak_kb"] / 1e6, of["stripped"] / 1e6 }' <<<"$line"
}

compile() {
  echo 'cold release builds of a program that lists VM names, CARGO_BUILD_JOBS=2; "bindings" are the crates of the SDK itself'
  printf '%-10s %10s %12s %14s %16s %18s %14s\n' program wall 'user s' 'peak RSS GB' 'bindings user s' 'bindings peak GB' 'stripped MB'
  local minimal=${MINIMAL:-$here/../minimal} own='vim_wire|vim_types|vim_macros|vim_client'
  if [ "$minimal" != none ]; then
    compile_cold ours "$minimal" "$own"
    compile_cold ours_full "$minimal" "$own" --features full
  fi
  case " $PEERS " in *' vim_rs '*) compile_cold vim_rs "$here/vim_rs_minimal" 'vim_rs|vim_macros' ;; esac
  echo "every crate: $OUT/compile_*.txt (user s, system s, wall s, peak RSS KB, name); kept: $results/compile.txt"
}

case ${1:-} in
  '') compare ;;
  compile) compile ;;
  *) sed -n '2,/^set/p' "$0" | grep '^#' >&2; exit 2 ;;
esac
