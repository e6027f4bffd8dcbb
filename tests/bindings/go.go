package main

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-sqlite3"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	module, script, path := os.Args[1], os.Args[2], os.Args[3]
	sql.Register("sqlite3_memkv", &sqlite3.SQLiteDriver{Extensions: []string{module}})
	db, err := sql.Open("sqlite3_memkv", path)
	check(err)
	version, _, _ := sqlite3.Version()
	fmt.Printf("# Go mattn/go-sqlite3, SQLite %s\n", version)
	file, err := os.Open(script)
	check(err)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		text := lines.Text()
		if strings.HasPrefix(text, "-- reopen") {
			check(db.Close())
			db, err = sql.Open("sqlite3_memkv", path)
			check(err)
			continue
		}
		rows, err := db.Query(text)
		check(err)
		columns, err := rows.Columns()
		check(err)
		for rows.Next() {
			values := make([]string, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			check(rows.Scan(into...))
			fmt.Println(strings.Join(values, "|"))
		}
		check(rows.Err())
		check(rows.Close())
	}
	check(db.Close())
}
