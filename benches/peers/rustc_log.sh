#!/usr/bin/env bash
# A RUSTC_WRAPPER that writes one line a crate to $CRATE_LOG: user seconds, system seconds, wall seconds, peak RSS in KB, name.
# Cargo calls it as `rustc_log.sh RUSTC ARGUMENTS`; its probes (`-vV`, `--print`) name no crate and are passed through.
set -u
rustc=$1; shift
name=
previous=
for argument in "$@"; do
  [ "$previous" = --crate-name ] && name=$argument
  previous=$argument
done
if [ -z "$name" ] || [ "$name" = ___ ]; then exec "$rustc" "$@"; fi
exec /usr/bin/time -q -a -o "$CRATE_LOG" -f "%U %S %e %M $name" "$rustc" "$@"
