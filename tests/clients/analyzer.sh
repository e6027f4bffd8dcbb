#!/usr/bin/env bash
# analyzer.sh MODULE: dbstat and sqlite3_analyzer show where a memkv table's bytes are.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

is dbstat "sqlite_schema urls_log urls_meta urls_segment" "$(sqlite3 urls.db "SELECT DISTINCT name FROM dbstat ORDER BY name" | xargs)"
has sqlite3_analyzer sqlite3-tools
sqlite3_analyzer urls.db >report
for table in URLS_LOG URLS_META URLS_SEGMENT; do
  grep -q "^$table\.* 1 .*25.0%" report || fail "sqlite3_analyzer does not show $table"
done
