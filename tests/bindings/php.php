<?php
// Run with -d sqlite3.extension_dir=FOLDER: loadExtension() takes a name in that folder.
[, $module, $script, $path] = $argv;

function connect(string $path, string $module): SQLite3 {
    $db = new SQLite3($path);
    $db->enableExceptions(true);
    $db->loadExtension($module);
    return $db;
}

$db = connect($path, $module);
echo "# PHP ", PHP_VERSION, " SQLite3, SQLite ", SQLite3::version()["versionString"], "\n";
foreach (file($script) as $sql) {
    if (str_starts_with($sql, "-- reopen")) {
        $db->close();
        $db = connect($path, $module);
        continue;
    }
    if (!str_starts_with($sql, "SELECT")) {
        $db->exec($sql);
        continue;
    }
    $rows = $db->query($sql);
    while ($row = $rows->fetchArray(SQLITE3_NUM)) echo implode("|", $row), "\n";
}
