// Check a consistency proof with golang.org/x/mod/sumdb/tlog: check_tree OLD OLD_ROOT NEW NEW_ROOT HASH...
package main

import (
	"os"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

func hash(text string) tlog.Hash {
	parsed, err := tlog.ParseHash(text)
	if err != nil {
		panic(err)
	}
	return parsed
}

func main() {
	old, _ := strconv.ParseInt(os.Args[1], 10, 64)
	size, _ := strconv.ParseInt(os.Args[3], 10, 64)
	var proof tlog.TreeProof
	for _, line := range os.Args[5:] {
		proof = append(proof, hash(line))
	}
	if tlog.CheckTree(proof, size, hash(os.Args[4]), old, hash(os.Args[2])) != nil {
		os.Exit(1)
	}
}
