# What the tests of packages share: a clean folder outside of the checkout, and its end.

set -euo pipefail
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "failed: $*" >&2; exit 1; }
has() { command -v "$1" >/dev/null || skip "$1 is not installed (Debian: $2)"; }

version=$(sed -n 's/^#define MEMKV_VERSION "\(.*\)"/\1/p' "$source_dir/ext/memkv.h")

# is WHAT EXPECTED GOT
is() { [[ $2 == "$3" ]] || fail "$1 is \"$3\", not \"$2\""; }

packages() {  # from the module $1 into $folder/packages
  /usr/bin/python3 "$source_dir/packaging/build_packages.py" "$folder/packages" "$(uname -m)=$1"
}
