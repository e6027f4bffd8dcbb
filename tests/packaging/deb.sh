#!/usr/bin/env bash
# deb.sh BUILD_DIR: the Debian packages and the tarball are built and unpacked into a clean root, and `.load memkv`
# finds the module there without a path.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
build=$1
has dpkg-shlibdeps dpkg-dev
has file file
has sqlite3 sqlite3
triplet=$(gcc -print-multiarch)

cpack --config "$build/CPackConfig.cmake" -G "DEB;TGZ" -B "$folder/packages" >"$folder/log" 2>&1 || { cat "$folder/log"; fail cpack; }
root=$folder/root
dpkg -x "$folder"/packages/memkv_*.deb "$root"
is "the package's version" "$version" "$(dpkg-deb -f "$folder"/packages/memkv_*.deb Version)"
for package in "$folder"/packages/*.deb; do
  [[ -z $(dpkg-deb -f "$package" Depends | tr , '\n' | grep -vE '^ *(libc6|libgcc-s1|libstdc\+\+6|libre2-[0-9]+) ') ]] ||
    fail "$package depends on $(dpkg-deb -f "$package" Depends)"
done
for file in "lib/$triplet/memkv.so" include/memkv.h "lib/$triplet/pkgconfig/memkv.pc" share/doc/memkv/README.md \
  share/doc/memkv/copyright share/doc/memkv/sql/hosts.sql; do
  [[ -f $root/usr/$file ]] || fail "the package has no /usr/$file"
done

# The tarball has the same, below one folder; pkg-config finds its place wherever that is.
tar xzf "$folder"/packages/*.tar.gz -C "$folder"
unpacked=$(echo "$folder"/memkv-*/usr)
cmp "$unpacked/lib/$triplet/memkv.so" "$root/usr/lib/$triplet/memkv.so"
if command -v pkg-config >/dev/null; then
  module=$(PKG_CONFIG_PATH=$unpacked/lib/$triplet/pkgconfig pkg-config --variable=module memkv)
  is "pkg-config's module" "$(realpath "$unpacked/lib/$triplet/memkv.so")" "$(realpath "$module")"
fi

# The package's folder laid over the system's, for one process: what `apt install` makes of it.
over() {
  unshare --map-root-user --mount env -u LD_LIBRARY_PATH sh -ec '
    mount -t overlay overlay -o "lowerdir=$1:$2" "$2"; shift 2; exec "$@"' sh "$root/usr/lib/$triplet" "/usr/lib/$triplet" "$@"
}
over true 2>/dev/null || skip "the packages are right, but no mount namespace may be made to load the module without a path"
is memkv_version "$version" "$(over sqlite3 :memory: '.load memkv' 'select memkv_version()')"
[[ -f /usr/lib/$triplet/memkv.so ]] || ! sqlite3 :memory: '.load memkv' 2>/dev/null || fail "a memkv from elsewhere was loaded"

if ls "$folder"/packages/memkv-regexp_*.deb >/dev/null 2>&1; then
  dpkg -x "$folder"/packages/memkv-regexp_*.deb "$root"
  is regexp 1 "$(over sqlite3 :memory: '.load memkv_regexp' "select 'abc' regexp '^a.c\$'")"
fi
echo "installed and loaded without a path: $(basename "$folder"/packages/memkv_*.deb)"
