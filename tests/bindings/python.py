import sqlite3
import sys

module, script, path = sys.argv[1:]


def connect():
    db = sqlite3.connect(path, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(module)
    return db


db = connect()
print(f"# Python {sys.version.split()[0]} sqlite3, SQLite {sqlite3.sqlite_version}")
for sql in open(script, encoding="utf-8"):
    if sql.startswith("-- reopen"):
        db.close()
        db = connect()
        continue
    for row in db.execute(sql):
        print("|".join(map(str, row)))
