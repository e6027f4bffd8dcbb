#!/usr/bin/env bash
# shell.sh MODULE: the sqlite3 shell's own commands on a memkv table.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

is .tables "urls urls_log urls_meta urls_segment" "$(sql urls.db .tables | xargs)"
is .schema "CREATE VIRTUAL TABLE urls USING memkv(url TEXT PRIMARY KEY, hits INTEGER)" "$(sql urls.db '.schema urls' | head -n 1)"
is ".mode box" "│ https://a.example/ │ 3    │" "$(sql urls.db '.mode box' 'SELECT * FROM urls' | sed -n 4p)"

# Copies hold the rows, in every way the shell makes them.
sql urls.db ".save saved.db" ".backup backup.db" "VACUUM INTO 'vacuumed.db'"
sql urls.db .dump >dump.sql
sql dumped.db ".read dump.sql"
for copy in saved backup vacuumed dumped; do
  is "$copy.db" "$rows" "$(sql "$copy.db" 'SELECT * FROM urls')"
  is "what is wrong with $copy.db" "" "$(sql "$copy.db" "SELECT * FROM memkv_check('urls')")"
done

printf 'https://d.example/,9\nhttps://a.example/,1\n' >rows.csv
sql urls.db ".import --csv rows.csv urls" 2>error || true
is ".import's error" "rows.csv:2: INSERT failed: UNIQUE constraint failed: urls.url" "$(cat error)"
is "the rows after .import" "$rows
https://d.example/|9" "$(sql urls.db 'SELECT * FROM urls')"

# .expert passes over virtual tables, FTS5's too: it says no more than that it cannot.
sql urls.db .expert "SELECT * FROM urls WHERE hits = 5" >/dev/null 2>&1 && fail ".expert took a virtual table"
is "a query after .expert" "$rows
https://d.example/|9" "$(sql urls.db 'SELECT * FROM urls')"

# A memory table's rows are not copied, and its copy says so.
sql :memory: "CREATE VIRTUAL TABLE urls USING memkv; INSERT INTO urls VALUES('a', 1)" ".save memory.db" .dump >memory.sql
sql memory_dumped.db ".read memory.sql"
for copy in memory memory_dumped; do
  sql "$copy.db" "SELECT * FROM urls" 2>error && fail "$copy.db was read"
  grep -q 'memkv: "urls" was a memory table; its rows were not saved (create it with durable = on)' error || fail "$(cat error)"
  is "the tables left after DROP" "" "$(sql "$copy.db" "DROP TABLE urls" .tables)"
done

# A shell without the module reads the rest of the database, and says what is missing.
sqlite3 urls.db "SELECT * FROM urls" 2>error && fail "a table was read without its module"
grep -q "no such module: memkv" error || fail "$(cat error)"
is "a shadow table" 1 "$(sqlite3 urls.db "SELECT count(*) FROM urls_segment")"
echo "the sqlite3 shell $(sqlite3 -version | cut -d' ' -f1)"
