#!/usr/bin/env bash
# demo.sh [--keys FILE]: a million real keys in the stock sqlite3 shell, in a memkv table beside an ordinary one.
#
# FILE has one key per line, plain or .zst, or "key TAB number". Each query runs on the memkv table before and after it is
# frozen, on the twin, an ordinary WITHOUT ROWID table in memory, and on a memkv table in a database file that another
# process has filled, frozen and changed again. Ends with 1 if any two answers differ.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

keys=
while (($#)); do
  case $1 in
    --keys) (($# > 1)) || die "--keys needs a file"; keys=$2; shift 2 ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) die "unknown option \"$1\" (known: --keys FILE)" ;;
  esac
done

shell=${SQLITE3:-sqlite3}
[[ -f build/memkv.so ]] || die "there is no build/memkv.so: ./dev build makes it"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The key file, each key with a number of visits behind a TAB.
corpus=../shared/data/web-urls.txt.zst
if [[ -n $keys ]]; then
  [[ -r $keys ]] || die "cannot read \"$keys\""
elif [[ -r $corpus ]]; then
  keys=$corpus
fi
name=${keys:-generated URLs}
case $keys in
  '') build/bench/genkeys 1000000 ;;
  *.zst) zstd -dcq -- "$keys" ;;
  *) cat -- "$keys" ;;
esac | LC_ALL=C awk -F '\t' '{ print (NF > 1 ? $0 : $0 "\t" (NR * 7919) % 1000003) }' >"$work/keys"

# What the queries ask for: the site with the most keys, a key in the middle, and how many there are.
IFS=$'\t' read -r count middle site < <(LC_ALL=C awk -F '\t' '
  { n[substr($1, 1, index(substr($1, 9), "/") + 8)]++ }
  END {
    for (s in n) if (n[s] > n[best]) best = s
    printf "%d\t%d\t%s\n", NR, NR / 2, best
  }' "$work/keys")
((count > 0)) || die "no keys in \"$name\""
grep -q '^https://www.cdc.gov/' "$work/keys" && site=https://www.cdc.gov/
key=$(sed -n "$((middle + 1))s/\t.*//p" "$work/keys")
offset=$((count > 1000000 ? 1000000 : middle))
quote() { printf "'%s'" "${1//\'/\'\'}"; }
# The prefix's successor: its last byte, a slash, becomes '0'.
past=${site%/}0

# The queries: title, runs (the best counts), SQL for memkv, SQL for the twin if it differs. @T is the table.
titles=() runs=() memkv_sql=() twin_sql=()
ask() {
  titles+=("$1") runs+=("$2") memkv_sql+=("$3") twin_sql+=("${4:-$3}")
}
ask 'all keys' 3 'SELECT count(*) FROM @T'
ask 'keys of one site, LIKE' 3 "SELECT count(*) FROM @T WHERE key LIKE $(quote "$site%")"
ask 'keys of one site, GLOB' 3 "SELECT count(*) FROM @T WHERE key GLOB $(quote "$site*")"
ask 'keys of one site, memkv_count' 3 "SELECT memkv_count('@T', $(quote "$site"))" \
  "SELECT count(*) FROM @T WHERE key >= $(quote "$site") AND key < $(quote "$past")"
ask 'visits of one key' 3 "SELECT value FROM @T WHERE key = $(quote "$key")"
ask 'join with a sample of keys' 3 'SELECT count(*), sum(u.value) FROM sample s CROSS JOIN @T u ON u.key = s.key'
ask "ten keys at offset $offset" 3 "SELECT key FROM @T WHERE rank >= $offset ORDER BY rank LIMIT 10" \
  "SELECT key FROM @T ORDER BY key LIMIT 10 OFFSET $offset"
ask 'rank of a key' 3 "SELECT rank FROM @T WHERE key = $(quote "$key")" \
  "SELECT count(*) FROM @T WHERE key < $(quote "$key")"
ask 'the last ten keys' 3 'SELECT key FROM @T ORDER BY key DESC LIMIT 10'
ask 'the first and the last key' 3 'SELECT (SELECT min(key) FROM @T), (SELECT max(key) FROM @T)'
ask 'how many sites, by skipping' 1 "
  WITH RECURSIVE step(k) AS (
    SELECT min(key) FROM @T
    UNION ALL
    SELECT (SELECT min(key) FROM @T WHERE key >= CASE instr(substr(k, 9), '/')
        WHEN 0 THEN k || char(1) ELSE substr(k, 1, instr(substr(k, 9), '/') + 7) || '0' END)
    FROM step WHERE k IS NOT NULL)
  SELECT count(k) FROM step"
ask 'the largest sites, GROUP BY' 1 "
  SELECT substr(key, 1, instr(substr(key, 9), '/') + 8) AS site, count(*) FROM @T
  GROUP BY site ORDER BY 2 DESC, 1 LIMIT 5"
ask 'all visits' 3 'SELECT sum(value) FROM @T'

# One statement between markers that the report looks for: "@@ where, what".
timed() { printf '.print "@@\\t%s\\t%s"\n.timer on\n%s;\n.timer off\n' "$1" "$2" "$3"; }

ask_all() {
  local where=$1 table=$2 i run sql
  for i in "${!titles[@]}"; do
    sql=${memkv_sql[i]}
    [[ $where == twin ]] && sql=${twin_sql[i]}
    for ((run = 0; run < runs[i]; ++run)); do timed "$where" "$i" "${sql//@T/$table}"; done
  done
}

measure() { timed "$1" memory "SELECT value FROM memkv_stats('urls') WHERE name = 'memory_bytes'"; }

begin() { printf '.bail on\n.load ./build/memkv\n.mode list\n.separator " "\n'; }
columns='key TEXT PRIMARY KEY, value INTEGER'
import="INSERT INTO urls(urls, key) VALUES('import', memkv_file($(quote "$work/keys")))"
with_sample='CREATE TEMP TABLE sample AS SELECT key FROM @T WHERE value %% 33 = 0 ORDER BY value, key;\n'
# Scripts for the shell, one process each.
{
  begin
  printf 'CREATE VIRTUAL TABLE temp.urls USING memkv(%s);\n' "$columns"
  timed mutable fill "$import"
  printf 'CREATE TABLE twin(key TEXT PRIMARY KEY NOT NULL, value INTEGER) WITHOUT ROWID;\n'
  timed twin fill 'INSERT INTO twin SELECT key, value FROM urls'
  printf "${with_sample/@T/twin}"
  measure mutable
  ask_all mutable urls
  timed frozen fill "INSERT INTO urls(urls) VALUES('freeze')"
  measure frozen
  ask_all frozen urls
  ask_all twin twin
  timed twin memory 'SELECT page_count * page_size FROM pragma_page_count, pragma_page_size'
} >"$work/memory.sql"
{
  begin
  printf 'PRAGMA journal_mode = WAL;\nCREATE VIRTUAL TABLE urls USING memkv(%s);\n' "$columns"
  timed file fill "$import"
  timed file freeze "INSERT INTO urls(urls) VALUES('freeze')"
  printf 'CREATE TEMP TABLE site AS SELECT * FROM urls WHERE key LIKE %s;\n' "$(quote "$site%")"
  printf "INSERT INTO urls(urls, key) VALUES('delete-prefix', %s);\n" "$(quote "$site")"
  timed file change 'INSERT INTO urls SELECT * FROM site'
} >"$work/write.sql"
{
  begin
  timed file reopen 'SELECT count(*) FROM urls'
  printf "${with_sample/@T/urls}"
  ask_all file urls
  measure file
} >"$work/read.sql"

# Runs a script; on a terminal, behind a bar of the statements that are done.
total=$(cat "$work"/*.sql | grep -c '^.timer on')
: >"$work/out"
bar() {
  local done width=40 filled
  done=$(grep -c '^Run Time' "$work/out" || true)
  filled=$((done * width / total))
  printf '\r[%s%s] %d of %d statements, %s table \033[K' "$(printf '%*s' "$filled" '' | tr ' ' '#')" \
    "$(printf '%*s' $((width - filled)) '' | tr ' ' '.')" "$done" "$total" \
    "$(awk -F '\t' '$1 == "@@" { where = $2 } END { print where == "" ? "mutable" : where }' "$work/out")" >&2
}
run() {
  local database=$1 script=$2 status=0
  stdbuf -oL "$shell" -init /dev/null "$database" <"$script" >>"$work/out" 2>"$work/err" &
  local process=$!
  if [[ -t 2 ]]; then
    while kill -0 $process 2>/dev/null; do
      bar
      sleep 0.2
    done
    printf '\r\033[K' >&2
  fi
  wait $process || status=$?
  if ((status)); then
    cat "$work/err" >&2
    die "the shell failed with status $status"
  fi
  grep -v '^-- Loading resources' "$work/err" >&2 || true
}

printf 'memkv demo: %d keys of %s, %d MB\n' "$count" "$name" "$(($(wc -c <"$work/keys") / 1000000))"
printf 'The site is %s, the key %s\n\n' "$site" "$key"
run :memory: "$work/memory.sql"
run "$work/urls.db" "$work/write.sql"
run "$work/urls.db" "$work/read.sql"
file_bytes=$(wc -c <"$work/urls.db")

for i in "${!titles[@]}"; do printf '%s\t%s\n' "$i" "${titles[i]}"; done >"$work/titles"
LC_ALL=C awk -F '\t' -v keys="$count" -v file_bytes="$file_bytes" '
  function since(line, part) {  # CPU time: the shell gives real time in whole milliseconds only
    split(line, part, " ")
    return part[6] + part[8]
  }
  function milliseconds(s) { return s == "" ? "-" : s < 0.1 ? sprintf("%.3f", s * 1e3) : sprintf("%.0f", s * 1e3) }
  function times(slow, fast,  ratio) {
    if (slow == "" || fast == "") return "-"
    ratio = slow / (fast > 0 ? fast : 1e-6)
    return sprintf(ratio < 10 ? "%.1f x" : "%.0f x", ratio)
  }
  function per_key(where) { return sprintf("%.1f", answer[where, "memory"] / keys) }
  function row(a, b, c, d, e, f, g) { printf "%-30s  %-40.40s %10s %10s %10s %9s %9s\n", a, b, c, d, e, f, g }
  FNR == NR { title[$1] = $2; queries++; next }
  $1 == "@@" { where = $2; what = $3; text = ""; next }
  /^Run Time: real / {
    t = since($0)
    if (!((where, what) in time) || t < time[where, what]) time[where, what] = t
    answer[where, what] = text
    next
  }
  { text = text == "" ? $0 : text "\n" $0 }
  END {
    row("query, times in milliseconds", "answer", "mutable", "frozen", "twin", "twin/mut.", "twin/fro.")
    for (i = 0; i < queries; ++i) {
      split(answer["mutable", i], lines, "\n")
      row(title[i], lines[1], milliseconds(time["mutable", i]), milliseconds(time["frozen", i]), \
          milliseconds(time["twin", i]), times(time["twin", i], time["mutable", i]), times(time["twin", i], time["frozen", i]))
      if (answer["mutable", i] == "" || answer["mutable", i] != answer["twin", i] || answer["frozen", i] != answer["twin", i] || \
          answer["file", i] != answer["twin", i]) {
        printf "  the answers differ: mutable \"%s\", frozen \"%s\", twin \"%s\", file \"%s\"\n", answer["mutable", i], \
            answer["frozen", i], answer["twin", i], answer["file", i]
        wrong++
      }
    }
    print ""
    row("filling: import, freeze, INSERT", "", milliseconds(time["mutable", "fill"]), milliseconds(time["frozen", "fill"]), \
        milliseconds(time["twin", "fill"]), times(time["twin", "fill"], time["mutable", "fill"]), "")
    row("memory, bytes per key", "", per_key("mutable"), per_key("frozen"), per_key("twin"), \
        times(answer["twin", "memory"], answer["mutable", "memory"]), times(answer["twin", "memory"], answer["frozen", "memory"]))
    print ""
    if (wrong) { print wrong " answers differ"; exit 1 }
    printf "In a database file: filled in %s ms, frozen in %s; a site taken out, and put back in %s; closed, and opened by another\n", \
        milliseconds(time["file", "fill"]), milliseconds(time["file", "freeze"]), milliseconds(time["file", "change"])
    printf "process in %s. %.1f bytes per key in the file, %s in memory, and the same answers.\n\n", \
        milliseconds(time["file", "reopen"]), file_bytes / keys, per_key("file")
    print "All answers agree. Times are the CPU time of the whole statement, the best of three for all but the two long ones."
  }' "$work/titles" "$work/out"
