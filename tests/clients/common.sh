# What the tests of clients share: a database in a folder of its own, whose table urls is partly frozen.

set -euo pipefail
module=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "failed: $*" >&2; exit 1; }
has() { command -v "$1" >/dev/null || skip "$1 is not installed (Debian: $2)"; }
# is WHAT EXPECTED GOT
is() { [[ $2 == "$3" ]] || fail "$1 is
$3
and not
$2"; }

has sqlite3 sqlite3
sql() { sqlite3 -batch -cmd ".load ${module%.so}" "$@"; }  # the shell with the module

cd "$folder"
sql urls.db "
  CREATE VIRTUAL TABLE urls USING memkv(url TEXT PRIMARY KEY, hits INTEGER);
  INSERT INTO urls VALUES('https://a.example/', 3), ('https://b.example/', 5);
  INSERT INTO urls(urls) VALUES('freeze');
  INSERT INTO urls VALUES('https://c.example/', 7)"
rows='https://a.example/|3
https://b.example/|5
https://c.example/|7'
