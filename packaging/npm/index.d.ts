/** The path of the loadable extension for this platform. Throws if its package is not installed. */
export function loadablePath(): string;
/** Loads memkv into a connection of better-sqlite3, libsql or node:sqlite (allowExtension: true). */
export function load(db: { loadExtension(path: string): unknown }): void;
