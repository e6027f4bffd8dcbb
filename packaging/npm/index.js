// memkv for Node: load(db) into a connection of better-sqlite3, libsql or node:sqlite.
'use strict';

const { arch, platform } = process;

// The file that the connection loads, from the package of this platform.
function loadablePath() {
  const name = `memkv-${platform}-${arch}`;
  try {
    return require.resolve(`${name}/memkv.so`);
  } catch {
    const known = Object.keys(require('./package.json').optionalDependencies).join(', ');
    throw new Error(`memkv: the package "${name}" is not installed (there is: ${known})`);
  }
}

// db has loadExtension(path): better-sqlite3, libsql, or node:sqlite's DatabaseSync made with allowExtension: true.
function load(db) {
  db.loadExtension(loadablePath());
}

module.exports = { load, loadablePath };
