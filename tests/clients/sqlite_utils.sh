#!/usr/bin/env bash
# sqlite_utils.sh MODULE: the commands of sqlite-utils on a memkv table.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
has sqlite-utils sqlite-utils

utils() {  # COMMAND DATABASE ...
  sqlite-utils "$@" --load-extension "$module"
}
is tables '{"table": "urls", "count": 3}' "$(utils tables urls.db --counts --nl | grep '"urls"')"
is rows "https://b.example/,5" "$(utils rows urls.db urls --csv --no-headers | sed -n 2p | tr -d '\r')"
echo '[{"url": "https://d.example/", "hits": 9}, {"url": "https://e.example/", "hits": 1}]' | utils insert urls.db urls -
echo '{"url": "https://a.example/", "hits": 30}' | utils insert urls.db urls - --replace
echo '{"url": "https://b.example/", "hits": 50}' | utils upsert urls.db urls - --pk url
is "the rows after insert, insert --replace and upsert" "https://a.example/|30
https://b.example/|50
https://c.example/|7
https://d.example/|9
https://e.example/|1" "$(sql urls.db 'SELECT * FROM urls')"
is memory '[{"memkv_version()": "'"$(sql :memory: 'SELECT memkv_version()')"'"}]' \
  "$(printf 'a,b\n1,2\n' | utils memory - 'SELECT memkv_version()')"
