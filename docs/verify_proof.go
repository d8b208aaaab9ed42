// Verify the proof of one event with the Go project's note and tlog packages (golang.org/x/mod/sumdb).
//
//	go run verify_proof.go PROOF PUBLIC_KEY
//
// PROOF is what `songnuan audit proof` printed, PUBLIC_KEY what `songnuan audit key` printed. Exit 0: the log's key has
// signed a checkpoint that covers the event.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const version = "c2sp.org/tlog-proof@v1"

func verify(proof, key string) (index int64, size int64, err error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return 0, 0, err
	}
	parts := strings.SplitN(proof, "\n\n", 2)
	if len(parts) != 2 || !strings.HasPrefix(parts[0], version+"\n") {
		return 0, 0, fmt.Errorf("not a %s", version)
	}
	checkpoint, err := note.Open([]byte(parts[1]), note.VerifierList(verifier))
	if err != nil {
		return 0, 0, err
	}
	lines := strings.Split(checkpoint.Text, "\n")
	if len(lines) < 3 || lines[0] != verifier.Name() {
		return 0, 0, fmt.Errorf("no checkpoint of %s", verifier.Name())
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return 0, 0, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return 0, 0, err
	}
	var record []byte
	var path tlog.RecordProof
	index = -1
	for _, line := range strings.Split(parts[0], "\n")[1:] {
		switch words := strings.SplitN(line, " ", 2); {
		case words[0] == "extra" && len(words) == 2:
			record, err = base64.StdEncoding.DecodeString(words[1])
		case words[0] == "index" && len(words) == 2:
			index, err = strconv.ParseInt(words[1], 10, 64)
		default:
			var hash tlog.Hash
			hash, err = tlog.ParseHash(line)
			path = append(path, hash)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return index, size, tlog.CheckRecord(path, size, root, index, tlog.RecordHash(record))
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go run verify_proof.go PROOF PUBLIC_KEY")
		os.Exit(2)
	}
	proof, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	index, size, err := verify(string(proof), os.Args[2])
	if err != nil {
		fmt.Println("not verified:", err)
		os.Exit(1)
	}
	fmt.Printf("event %d of %d is in the log\n", index, size)
}
