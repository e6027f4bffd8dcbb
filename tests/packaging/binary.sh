#!/usr/bin/env bash
# binary.sh MODULE: the module asks for no newer glibc or libstdc++ than Debian 12's, no other library, no wider CPU
# than the baseline, and shows nothing but its entry points.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
module=$1
has readelf binutils

newest() { readelf -VW "$module" | grep -oE "\b$1_[0-9.]+" | sort -uV | tail -n 1; }
not_newer() {  # SYMBOL_VERSION MOST
  [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1) == "$2" ]] || fail "the module needs $1 (most: $2)"
}
glibc=$(newest GLIBC) libstdcxx=$(newest GLIBCXX)
[[ -n $glibc ]] || fail "readelf tells no glibc version"
not_newer "$glibc" GLIBC_2.36
not_newer "$libstdcxx" GLIBCXX_3.4.30

others=$(readelf -dW "$module" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
  grep -vE '^(libc\.so\.6|libm\.so\.6|libstdc\+\+\.so\.6|libgcc_s\.so\.1|ld-linux.*)$' || true)
[[ -z $others ]] || fail "the module needs $others"

shown=$(nm -D --defined-only "$module" | awk '$2 ~ /[TDB]/ { print $3 }' | xargs)
is "what the module exports" "sqlite3_memkv_init sqlite3_memkv_nofs_init" "$shown"

if readelf -h "$module" | grep -q 'X86-64'; then
  # All of it was compiled for plain x86-64, where no vector is wider than xmm and no instruction has a VEX prefix.
  objdump -d --no-show-raw-insn "$module" >"$folder/code"
  grep -q '%xmm' "$folder/code" || fail "objdump shows no instruction"
  wide=$(grep -cE '%[yz]mm[0-9]|\sv(mov|p|add|sub)[a-z0-9]* ' "$folder/code" || true)
  is "AVX instructions" 0 "$wide"
fi
echo "$glibc, $libstdcxx, no other library, no wider CPU"
