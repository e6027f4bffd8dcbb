#!/usr/bin/env bash
# browser.sh MODULE: DB Browser for SQLite loads the module as its preferences say, and reads a memkv table.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
has sqlitebrowser sqlitebrowser

export XDG_CONFIG_HOME=$folder/config XDG_RUNTIME_DIR=$folder QT_QPA_PLATFORM=offscreen HOME=$folder
mkdir -p config/sqlitebrowser
printf '[extensions]\nlist=%s\n' "$module" >config/sqlitebrowser/sqlitebrowser.conf
# It has no command that ends it when a script is done: the script's last line writes the file that is waited for.
echo "SELECT memkv_export_keys('urls', '$folder/keys.tsv');" >script.sql
sqlitebrowser --table urls --sql script.sql urls.db >log 2>&1 &
browser=$!
for ((i = 0; i < 300; ++i)); do
  [[ -s keys.tsv ]] && break
  kill -0 "$browser" 2>/dev/null || { cat log; fail "sqlitebrowser ended"; }
  sleep 0.1
done
kill "$browser" 2>/dev/null || true
wait "$browser" 2>/dev/null || true
[[ -f keys.tsv ]] || { cat log; fail "sqlitebrowser did not run the script within 30 s"; }
is "what DB Browser read" "${rows//|/$'\t'}" "$(cat keys.tsv)"
