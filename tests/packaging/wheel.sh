#!/usr/bin/env bash
# wheel.sh MODULE: the wheel is built, installed with pip from the file alone, and used.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
/usr/bin/python3 -m pip --version >/dev/null 2>&1 || skip "pip is not installed (Debian: python3-pip)"
packages "$1"
cd "$folder"
/usr/bin/python3 -m pip install --quiet --no-index --root-user-action ignore --target site packages/memkv-*.whl
PYTHONPATH=site /usr/bin/python3 - "$version" <<'END'
import os, sqlite3, sys
import memkv

assert memkv.__version__ == sys.argv[1]
assert os.path.isfile(memkv.loadable_path()) and os.path.isabs(memkv.loadable_path())
db = sqlite3.connect("urls.db")
memkv.load(db)
db.execute("CREATE VIRTUAL TABLE urls USING memkv(url TEXT PRIMARY KEY, hits INTEGER)")
db.executemany("INSERT INTO urls VALUES(?, ?)", [("https://a.example/", 3), ("https://b.example/", 5)])
assert db.execute("SELECT memkv_freeze('urls')").fetchone() == (2,)
db.commit()
db.close()
db = sqlite3.connect("urls.db")
memkv.load(db)
assert db.execute("SELECT hits FROM urls WHERE url LIKE 'https://B%'").fetchall() == [(5,)]
try:
    db.load_extension(memkv.loadable_path())  # load() leaves extension loading off
    sys.exit("extension loading is still on")
except sqlite3.OperationalError:
    pass
print("wheel:", memkv.loadable_path())
END
