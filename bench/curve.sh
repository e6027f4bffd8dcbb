#!/usr/bin/env bash
# curve.sh [--max N] [--out DIR] [ARGUMENTS OF bench_core]: how memory and each cost grow with the number of keys.
#
# Runs bench_core over 1 k, 3 k, 10 k, … N keys (10 M unless told; generated, or samples of --keys FILE) and writes DIR/curve.tsv
# (keys, structure, metric, median) and DIR/curve.svg (build/bench unless told).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

max=10000000 out=build/bench size=--scale arguments=()
while (($#)); do
  case $1 in
    --max) max=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    --keys) size=--limit; arguments+=("$1" "$2"); shift 2 ;;
    *) arguments+=("$1"); shift ;;
  esac
done
max=${max/%k/000} max=${max/%M/000000}

mkdir -p "$out"
rm -f "$out/curve.tsv"
for n in 1000 3000 10000 30000 100000 300000 1000000 3000000 10000000 30000000 100000000; do
  ((n <= max)) || break
  build/bench/bench_core "$size" "$n" --rounds $((n < 1000000 ? 3 : 1)) --tsv "$out/curve.tsv" \
    --fst-crate build/fst_crate/release/fst_crate_bench "${arguments[@]}"
done
awk -f bench/curve.awk "$out/curve.tsv" >"$out/curve.svg"
printf '\n%s/curve.tsv and %s/curve.svg are written\n' "$out" "$out"
