import sys

import apsw

module, script, path = sys.argv[1:]


def connect():
    db = apsw.Connection(path)
    db.enableloadextension(True)
    db.loadextension(module)
    return db


db = connect()
print(f"# apsw {apsw.apswversion()}, SQLite {apsw.sqlitelibversion()}")
for sql in open(script, encoding="utf-8"):
    if sql.startswith("-- reopen"):
        db.close()
        db = connect()
        continue
    for row in db.cursor().execute(sql):
        print("|".join(map(str, row)))
