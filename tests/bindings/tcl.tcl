package require sqlite3
encoding system utf-8
fconfigure stdout -encoding utf-8
lassign $argv module script path

proc connect {} {
    global module path
    sqlite3 db $path
    db enable_load_extension 1
    db eval {SELECT load_extension($module)}
}

connect
puts "# Tcl [info patchlevel] sqlite3, SQLite [db onecolumn {SELECT sqlite_version()}]"
set lines [open $script]
fconfigure $lines -encoding utf-8
while {[gets $lines sql] >= 0} {
    if {[string match "-- reopen*" $sql]} {
        db close
        connect
        continue
    }
    db eval $sql row {
        puts [join [lmap column $row(*) {set row($column)}] "|"]
    }
}
