#!/usr/bin/env bash
# One binding runs script.sql with the built module, and its rows are compared with expected.txt.
#
#   run.sh BINDING MODULE FOLDER     77 and the reason if the binding is not on this machine
#   run.sh versions FOLDER           the table of what ran
#
# Each binding's file takes MODULE SCRIPT DATABASE, runs a line at a time, opens the database anew at
# `-- reopen`, and prints rows as a|b. Its first line, after a #, says which versions it is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
script=$here/script.sql

if [[ $1 == versions ]]; then
  printf '%-16s %s\n' binding versions
  for file in "$2"/*/result; do
    printf '%-16s %s\n' "$(basename "$(dirname "$file")")" "$(cat "$file")"
  done
  exit 0
fi

binding=$1 module=$2 folder=$3/$1
mkdir -p "$folder"
rm -f "$folder"/*.db* "$folder/result"
db=$folder/urls.db

skip() {
  echo "skipped: $*" | tee "$folder/result"
  exit 77
}
has() { command -v "$1" >/dev/null || skip "$1 is not installed (Debian: $2)"; }
npm_has() { [[ -f $folder/../npm/node_modules/$1/package.json ]] || skip "the npm package $1 is not installed"; }
try() { "$@" >/dev/null 2>&1; }

shell() {
  has sqlite3 sqlite3
  local load=".load ${module%.so}"
  echo "# sqlite3 shell, SQLite $(sqlite3 -version | cut -d' ' -f1)"
  { echo "$load"; sed -e 's/$/;/' -e "s|^-- reopen;\$|.open $db\n$load|" "$script"; } | sqlite3 -bail -batch "$db"
}
python() {
  has /usr/bin/python3 python3
  /usr/bin/python3 "$here/python.py" "$module" "$script" "$db"
}
apsw() {
  try /usr/bin/python3 -c 'import apsw' || skip "python3-apsw is not installed"
  /usr/bin/python3 "$here/python_apsw.py" "$module" "$script" "$db"
}
sqlite_utils() {  # a process for each line
  has sqlite-utils sqlite-utils
  echo "# sqlite-utils $(sqlite-utils --version | grep -o '[0-9.]*$')"
  local sql
  while IFS= read -r sql; do
    if [[ $sql == SELECT* ]]; then
      sqlite-utils query "$db" "$sql" --csv --no-headers --load-extension "$module"
    elif [[ $sql != --* ]]; then
      sqlite-utils query "$db" "$sql" --load-extension "$module" >/dev/null  # prints how many rows it changed
    fi
  done <"$script" | sed 's/\r$//' | tr , '|'
}
perl() {
  try command perl -MDBD::SQLite -e 1 || skip "libdbd-sqlite3-perl is not installed"
  command perl "$here/perl.pl" "$module" "$script" "$db"
}
ruby() {
  try command ruby -rsqlite3 -e 1 || skip "ruby-sqlite3 is not installed"
  command ruby "$here/ruby.rb" "$module" "$script" "$db"
}
tcl() {
  has tclsh tcl
  try tclsh <<<'if {[catch {package require sqlite3}]} {exit 1}' || skip "libsqlite3-tcl is not installed"
  tclsh "$here/tcl.tcl" "$module" "$script" "$db"
}
php() {
  try command php -r 'exit(class_exists("SQLite3") ? 0 : 1);' || skip "php-cli or php-sqlite3 is not installed"
  command php -d sqlite3.extension_dir="$(dirname "$module")" "$here/php.php" "$(basename "$module")" "$script" "$db"
}
r() {
  try Rscript -e 'library(RSQLite)' || skip "r-cran-rsqlite is not installed"
  Rscript "$here/r.R" "$module" "$script" "$db"
}
java() {
  local jar=/usr/share/java/sqlite-jdbc.jar
  has javac default-jdk-headless
  [[ -f $jar ]] || skip "libxerial-sqlite-jdbc-java is not installed"
  command java -cp "$jar" "$here/Jdbc.java" "$module" "$script" "$db"
}
go() {
  has go golang-go
  [[ -d /usr/share/gocode/src/github.com/mattn/go-sqlite3 ]] || skip "golang-github-mattn-go-sqlite3-dev is not installed"
  GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= command go run -tags libsqlite3 "$here/go.go" "$module" "$script" "$db"
}
node_with() {  # NODE PACKAGE
  local npm=$folder/../npm
  (cd "$npm" && "$1" --no-warnings "$here/node.cjs" "$2" "$module" "$script" "$db")
}
better_sqlite3() {
  has node nodejs
  npm_has better-sqlite3
  node_with node better-sqlite3
}
libsql() {
  has node nodejs
  npm_has libsql
  node_with node libsql
}
node_sqlite() {
  local node=$folder/../npm/node_modules/node/bin/node
  [[ -x $node ]] || skip "the npm package node is not installed"
  node_with "$node" node:sqlite
}

("${binding//-/_}") >"$folder/output" 2>"$folder/errors" && status=0 || status=$?
if ((status == 77)); then
  cat "$folder/output"
  exit 77
fi
cat "$folder/errors" >&2
sed -n '1s/^# //p' "$folder/output" | tee "$folder/result"
((status == 0)) || { echo "$binding failed" >&2; exit 1; }
diff "$here/expected.txt" <(sed '1{/^# /d}' "$folder/output")
