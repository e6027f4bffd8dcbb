// Three dqlite nodes on loopback, each a process with memkv in it: a table is written through the
// leader and frozen, the leader is killed, and everything is there, writable and sound on each node.
//
//	replication_cluster MODULE                        the test
//	replication_cluster MODULE node ID ADDRESS DIR    one node, until its standard input ends
package main

/*
#cgo CFLAGS: -I${SRCDIR}/..
#cgo LDFLAGS: -lsqlite3 -ldl
#include <stdlib.h>
#include "load.h"
*/
import "C"

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
	"unsafe"

	"github.com/canonical/go-dqlite"
	"github.com/canonical/go-dqlite/client"
	"github.com/canonical/go-dqlite/driver"
)

const patience = 30 * time.Second // for one step; a healthy cluster takes a fraction of a second

func check(err error, format string, arguments ...interface{}) {
	if err != nil {
		log.Panicf("%s: %v", fmt.Sprintf(format, arguments...), err)
	}
}

func runNode(module, id, address, dir string) {
	path := C.CString(module)
	defer C.free(unsafe.Pointer(path))
	if problem := C.memkv_load_for_all(path); problem != nil {
		log.Fatalf("%s: %s", module, C.GoString(problem))
	}
	number, err := strconv.ParseUint(id, 10, 64)
	check(err, "node id %q", id)
	node, err := dqlite.New(number, address, dir, dqlite.WithBindAddress(address),
		dqlite.WithNetworkLatency(20*time.Millisecond))
	check(err, "node %s", id)
	check(node.Start(), "start of node %s", id)
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	node.Close()
}

type node struct {
	id      uint64
	address string
	dir     string
	process *exec.Cmd
}

func (n *node) start(module string) {
	n.process = exec.Command(os.Args[0], module, "node", fmt.Sprint(n.id), n.address, n.dir)
	n.process.Stderr = os.Stderr
	_, err := n.process.StdinPipe() // ends when this process does
	check(err, "node %d", n.id)
	out, err := n.process.StdoutPipe()
	check(err, "node %d", n.id)
	check(n.process.Start(), "start of node %d", n.id)
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		log.Panicf("node %d did not start", n.id)
	}
}

func (n *node) kill() {
	n.process.Process.Kill()
	n.process.Wait()
}

type cluster struct {
	module string
	nodes  []*node
	store  client.NodeStore
	db     *sql.DB
}

func freeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err, "a free port")
	defer listener.Close()
	return listener.Addr().String()
}

func startCluster(module, dir string) *cluster {
	c := &cluster{module: module}
	infos := []client.NodeInfo{}
	for id := uint64(1); id <= 3; id++ {
		n := &node{id: id, address: freeAddress(), dir: filepath.Join(dir, fmt.Sprint(id))}
		check(os.Mkdir(n.dir, 0700), "%s", n.dir)
		c.nodes = append(c.nodes, n)
		infos = append(infos, client.NodeInfo{ID: id, Address: n.address, Role: client.Voter})
		n.start(module)
		if id > 1 {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			leader, err := client.New(ctx, c.nodes[0].address)
			check(err, "the first node")
			check(leader.Add(ctx, infos[id-1]), "adding node %d", id)
			leader.Close()
			cancel()
		}
	}
	c.store = client.NewInmemNodeStore()
	check(c.store.Set(context.Background(), infos), "the list of nodes")
	dqliteDriver, err := driver.New(c.store)
	check(err, "the driver")
	sql.Register("dqlite", dqliteDriver)
	c.connect()
	return c
}

func (c *cluster) connect() {
	if c.db != nil {
		c.db.Close()
	}
	var err error
	c.db, err = sql.Open("dqlite", "test")
	check(err, "open")
	c.db.SetMaxOpenConns(1)
}

func (c *cluster) leader() *node {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	found, err := client.FindLeader(ctx, c.store)
	check(err, "no leader")
	defer found.Close()
	info, err := found.Leader(ctx)
	check(err, "no leader")
	for _, n := range c.nodes {
		if n.address == info.Address {
			return n
		}
	}
	log.Panicf("the leader %s is none of the nodes", info.Address)
	return nil
}

// Makes n the leader. It has to have the log first, if it was away.
func (c *cluster) lead(n *node) {
	for end := time.Now().Add(patience); c.leader() != n; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			log.Panicf("node %d does not become the leader", n.id)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		if found, err := client.FindLeader(ctx, c.store); err == nil {
			found.Transfer(ctx, n.id)
			found.Close()
		}
		cancel()
	}
	c.connect()
}

func (c *cluster) exec(statements ...string) {
	for _, statement := range statements {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, err := c.db.ExecContext(ctx, statement)
		cancel()
		check(err, "%s", statement)
	}
}

func (c *cluster) number(query string) (n int64) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	check(c.db.QueryRowContext(ctx, query).Scan(&n), "%s", query)
	return n
}

// The rows from..from+999 into the table and into its twin, in one transaction.
func (c *cluster) write(from int) {
	for _, table := range []string{"t", "twin"} {
		c.exec("BEGIN", fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n "+
			"WHERE i < %d) INSERT OR REPLACE INTO %s SELECT 'https://' || (i * 7919 %% 101) || "+
			"'.example/' || i, i FROM n", from, from+999, table),
			fmt.Sprintf("DELETE FROM %s WHERE key LIKE 'https://%d.%%'", table, from/1000), "COMMIT")
	}
}

// On the leader: the table holds what its twin and what its shadow tables hold.
func (c *cluster) verify(when string) {
	rows := c.number("SELECT count(*) FROM twin")
	if n := c.number("SELECT memkv_count('t')"); n != rows || n == 0 {
		log.Panicf("%s: %d rows, the twin has %d", when, n, rows)
	}
	for _, difference := range []string{"t EXCEPT SELECT * FROM twin", "twin EXCEPT SELECT * FROM t"} {
		if n := c.number("SELECT count(*) FROM (SELECT * FROM " + difference + ")"); n != 0 {
			log.Panicf("%s: %d rows of %s", when, n, difference)
		}
	}
	c.exec("INSERT INTO t(t) VALUES ('integrity-check')")
	log.Printf("%s: node %d leads, %d rows, as in the twin, and sound", when, c.leader().id, rows)
}

func main() {
	log.SetFlags(0)
	if len(os.Args) == 6 && os.Args[2] == "node" {
		runNode(os.Args[1], os.Args[3], os.Args[4], os.Args[5])
		return
	}
	if len(os.Args) != 2 {
		log.Fatal("usage: replication_cluster MODULE")
	}
	dir, err := os.MkdirTemp("", "memkv-cluster-")
	check(err, "a folder")
	defer os.RemoveAll(dir)
	c := startCluster(os.Args[1], dir)
	defer func() {
		for _, n := range c.nodes {
			n.kill()
		}
	}()

	c.exec("CREATE VIRTUAL TABLE t USING memkv",
		"CREATE TABLE twin(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID")
	c.write(0)
	c.verify("written")
	c.exec("INSERT INTO t(t) VALUES ('freeze')")
	c.verify("frozen")
	c.write(1000)
	c.verify("written to after that")

	dead := c.leader()
	dead.kill()
	c.connect()
	c.verify(fmt.Sprintf("node %d killed", dead.id))
	if c.leader() == dead {
		log.Panic("the dead lead")
	}
	c.write(2000)
	c.exec("INSERT INTO t(t) VALUES ('freeze')")
	c.write(3000)
	c.verify("written and frozen without it")

	dead.start(c.module)
	for _, n := range c.nodes {
		c.lead(n)
		c.verify("in turn")
		c.exec(fmt.Sprintf("INSERT INTO t VALUES ('by node', %d) ", n.id),
			fmt.Sprintf("INSERT INTO twin VALUES ('by node', %d)", n.id),
			"DELETE FROM t WHERE key = 'by node'", "DELETE FROM twin WHERE key = 'by node'")
	}
	c.verify("in the end")
}
