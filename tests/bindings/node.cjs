// better-sqlite3, libsql and node:sqlite have one shape: the first argument says which.
const fs = require('node:fs');
const { createRequire } = require('node:module');

const [which, module_, script, path] = process.argv.slice(2);
const packages = createRequire(`${process.cwd()}/`);

function connect() {
  let db;
  if (which === 'node:sqlite') {
    const { DatabaseSync } = require('node:sqlite');
    db = new DatabaseSync(path, { allowExtension: true });
  } else {
    db = new (packages(which))(path);
  }
  db.loadExtension(module_);
  return db;
}

let db = connect();
const sqlite = Object.values(db.prepare('SELECT sqlite_version()').get())[0];
const version = which === 'node:sqlite' ? '' : ' ' + JSON.parse(fs.readFileSync(`node_modules/${which}/package.json`)).version;
console.log(`# Node ${process.versions.node} ${which}${version}, SQLite ${sqlite}`);
for (const sql of fs.readFileSync(script, 'utf8').trimEnd().split('\n')) {
  if (sql.startsWith('-- reopen')) {
    db.close();
    db = connect();
  } else if (sql.startsWith('SELECT')) {
    for (const row of db.prepare(sql).all()) console.log(Object.values(row).join('|'));
  } else {
    db.exec(sql);
  }
}
db.close();
