#!/usr/bin/env bash
# npm.sh MODULE BINDINGS_FOLDER: the npm packages are built, installed from their files alone, and used by every SQLite
# for Node that `./dev bindings` or `./dev test` left in BINDINGS_FOLDER/npm.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
has npm npm
has node nodejs
packages "$1"
mkdir "$folder/project"
cd "$folder/project"
npm init --yes >/dev/null 2>&1
npm install --offline --no-audit --no-fund --loglevel=error --cache "$folder/cache" \
  "$folder"/packages/memkv-linux-*.tgz "$folder/packages/memkv-$version.tgz"
cat >use.js <<'END'
const assert = require('node:assert');
const fs = require('node:fs');
const memkv = require('memkv');
const [which, version] = process.argv.slice(2);

assert(fs.existsSync(memkv.loadablePath()));
if (which === 'none') process.exit();
let db;
if (which === 'node:sqlite') {
  db = new (require('node:sqlite').DatabaseSync)(':memory:', { allowExtension: true });
} else {
  db = new (require(which))(':memory:');
}
memkv.load(db);
db.exec("CREATE VIRTUAL TABLE urls USING memkv; INSERT INTO urls VALUES('a', 1), ('ab', 2), ('b', 3)");
assert.equal(db.prepare("SELECT sum(value) AS s FROM urls WHERE key LIKE 'A%'").get().s, 3);
assert.equal(db.prepare('SELECT memkv_version() AS v').get().v, version);
console.log(`npm: ${which} loaded ${memkv.loadablePath()}`);
END
node use.js none
rm -rf node_modules/memkv-linux-*
if node use.js none 2>error; then fail "loadablePath() found a module that is not there"; fi
grep -q 'memkv: the package "memkv-linux-.*" is not installed (there is: memkv-linux-' error || fail "$(cat error)"
npm install --offline --no-audit --no-fund --loglevel=error --cache "$folder/cache" "$folder"/packages/memkv-linux-*.tgz

others=$2/npm/node_modules
for which in better-sqlite3 libsql; do
  [[ -d $others/$which ]] && NODE_PATH=$others node use.js "$which" "$version"
done
[[ -x $others/node/bin/node ]] && "$others/node/bin/node" --no-warnings use.js node:sqlite "$version"
exit 0
