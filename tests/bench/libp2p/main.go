// What go-libp2p is made of, as a rival for our parts: go-yamux over loopback TCP, both ends in one process on one core, and
// the RPC of go-libp2p-pubsub.
//
//	libp2p_peer yamux-stream BYTES       one stream of so many bytes: Mbit for each second of the processor
//	libp2p_peer yamux-open COUNT WIDTH   streams opened, a byte said, one heard, closed; WIDTH at once: streams for each second of the processor
//	libp2p_peer decode FILE COUNT        decodes the RPC in the file so often: ns each
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-yamux/v5"
	"google.golang.org/protobuf/proto"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(at int) int {
	n, err := strconv.Atoi(os.Args[at])
	check(err)
	return n
}

// As go-libp2p configures it: windows up to 16 MiB.
func sessions() (*yamux.Session, *yamux.Session) {
	config := yamux.DefaultConfig()
	config.MaxStreamWindowSize = 16 * 1024 * 1024
	config.LogOutput = io.Discard
	config.ReadBufSize = 0
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	accepted := make(chan net.Conn)
	go func() {
		conn, err := listener.Accept()
		check(err)
		accepted <- conn
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	check(err)
	client, err := yamux.Client(conn, config, nil)
	check(err)
	server, err := yamux.Server(<-accepted, config, nil)
	check(err)
	return client, server
}

// Of the processor, in and for this process.
func processorSeconds() float64 {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano()+used.Stime.Nano()) * 1e-9
}

func pour(bytes int) float64 {
	client, server := sessions()
	begun := processorSeconds()
	go func() {
		stream, err := client.OpenStream(context.Background())
		check(err)
		chunk := make([]byte, 64*1024)
		for sent := 0; sent < bytes; sent += len(chunk) {
			_, err := stream.Write(chunk)
			check(err)
		}
		check(stream.CloseWrite())
	}()
	stream, err := server.AcceptStream()
	check(err)
	room := make([]byte, 64*1024)
	got := 0
	for {
		n, err := stream.Read(room)
		got += n
		if err == io.EOF {
			break
		}
		check(err)
	}
	if got != bytes {
		check(fmt.Errorf("%d bytes of %d", got, bytes))
	}
	return 8e-6 * float64(bytes) / (processorSeconds() - begun)
}

func open(count, width int) float64 {
	client, server := sessions()
	go func() {
		for {
			stream, err := server.AcceptStream()
			if err != nil {
				return
			}
			go func() {
				room := make([]byte, 1)
				_, err := io.ReadFull(stream, room)
				check(err)
				_, err = stream.Write(room)
				check(err)
				check(stream.Close())
			}()
		}
	}()
	begun := processorSeconds()
	var all sync.WaitGroup
	for i := 0; i < width; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			room := make([]byte, 1)
			for j := 0; j < count/width; j++ {
				stream, err := client.OpenStream(context.Background())
				check(err)
				_, err = stream.Write(room)
				check(err)
				_, err = io.ReadFull(stream, room)
				check(err)
				check(stream.Close())
			}
		}()
	}
	all.Wait()
	return float64(count/width*width) / (processorSeconds() - begun)
}

func decode(file string, count int) float64 {
	encoded, err := os.ReadFile(file)
	check(err)
	begun := time.Now()
	for i := 0; i < count; i++ {
		var rpc pb.RPC
		check(proto.Unmarshal(encoded, &rpc))
	}
	return float64(time.Since(begun).Nanoseconds()) / float64(count)
}

func main() {
	runtime.GOMAXPROCS(1)
	switch os.Args[1] {
	case "yamux-stream":
		fmt.Println(pour(number(2)))
	case "yamux-open":
		fmt.Println(open(number(2), number(3)))
	case "decode":
		fmt.Println(decode(os.Args[2], number(3)))
	}
}
