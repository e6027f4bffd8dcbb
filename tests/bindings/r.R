suppressPackageStartupMessages(library(RSQLite))
arguments <- commandArgs(trailingOnly = TRUE)

connect <- function() {
  db <- dbConnect(SQLite(), arguments[3], loadable.extensions = TRUE)
  dbGetQuery(db, "SELECT load_extension(?)", params = list(arguments[1]))
  db
}

db <- connect()
cat(sprintf("# R %s RSQLite %s, SQLite %s\n", getRversion(), packageVersion("RSQLite"),
            dbGetQuery(db, "SELECT sqlite_version()")[1, 1]))
for (sql in readLines(arguments[2], encoding = "UTF-8")) {
  if (startsWith(sql, "-- reopen")) {
    dbDisconnect(db)
    db <- connect()
  } else if (startsWith(sql, "SELECT")) {
    rows <- dbGetQuery(db, sql)
    for (i in seq_len(nrow(rows))) cat(paste(sapply(rows[i, ], as.character), collapse = "|"), "\n", sep = "")
  } else {
    invisible(dbExecute(db, sql))
  }
}
dbDisconnect(db)
