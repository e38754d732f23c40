// A go-libp2p peer for the interoperability tests of ghostnet: TCP, Noise and TLS, yamux, identify and ping.
//
//	peer [flags] listen            prints {"addr": ...}, then one line for each peer it has identified, until stdin ends
//	peer [flags] dial MULTIADDR    connects, pings, echoes 1 MiB over /test/echo/1, and prints what it saw
//	peer [flags] mesh              gossipsub and the DHT, driven by lines of JSON (mesh.go)
//	peer mixed GHOSTNET            twenty nodes, half of them processes of this program (mixed.go)
//
// Flags: -security noise,tls (in order of preference), -key ed25519|secp256k1|ecdsa|rsa (of the identity).
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
)

const echoID = "/test/echo/1"
const echoBytes = 1 << 20

func say(what map[string]any) {
	line, _ := json.Marshal(what)
	fmt.Println(string(line))
}

func fail(doing string, err error) {
	fmt.Fprintf(os.Stderr, "go peer: %s: %v\n", doing, err)
	os.Exit(1)
}

func newKey(kind string) crypto.PrivKey {
	kinds := map[string]int{"ed25519": crypto.Ed25519, "secp256k1": crypto.Secp256k1, "ecdsa": crypto.ECDSA, "rsa": crypto.RSA}
	number, known := kinds[kind]
	if !known {
		fail("reading -key", fmt.Errorf("no such kind: %s", kind))
	}
	key, _, err := crypto.GenerateKeyPair(number, 2048)
	if err != nil {
		fail("making a key", err)
	}
	return key
}

func newHost(security []string, key string) host.Host {
	options := []libp2p.Option{
		libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.Identity(newKey(key)),
		libp2p.DisableRelay(),
	}
	for _, name := range security {
		if name == "tls" {
			options = append(options, libp2p.Security(libp2ptls.ID, libp2ptls.New))
		} else {
			options = append(options, libp2p.Security(noise.ID, noise.New))
		}
	}
	h, err := libp2p.New(options...)
	if err != nil {
		fail("starting", err)
	}
	h.SetStreamHandler(echoID, func(s network.Stream) {
		if _, err := io.Copy(s, s); err != nil {
			s.Reset()
			return
		}
		s.Close()
	})
	return h
}

func listen(h host.Host) {
	identified, err := h.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		fail("subscribing", err)
	}
	go func() {
		for e := range identified.Out() {
			said := e.(event.EvtPeerIdentificationCompleted)
			result := <-ping.Ping(context.Background(), h, said.Peer)
			say(map[string]any{"identified": said.Peer.String(), "agent": said.AgentVersion, "protocols": said.Protocols,
				"signed_record": said.SignedPeerRecord != nil, "ping_ok": result.Error == nil})
		}
	}()
	say(map[string]any{"addr": fmt.Sprintf("%s/p2p/%s", h.Addrs()[0], h.ID())})
	bufio.NewReader(os.Stdin).ReadString(0)
}

func dial(h host.Host, text string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	addr, err := multiaddr.NewMultiaddr(text)
	if err != nil {
		fail("reading the address", err)
	}
	info, err := peer.AddrInfoFromP2pAddr(addr)
	if err != nil {
		fail("reading the address", err)
	}
	if err := h.Connect(ctx, *info); err != nil {
		fail("connecting", err)
	}
	result := <-ping.Ping(ctx, h, info.ID)
	if result.Error != nil {
		fail("pinging", result.Error)
	}
	echoed := false
	protocols, _ := h.Peerstore().GetProtocols(info.ID)
	for _, p := range protocols {
		if p == echoID {
			echo(ctx, h, info.ID)
			echoed = true
		}
	}
	agent, _ := h.Peerstore().Get(info.ID, "AgentVersion")
	state := h.Network().ConnsToPeer(info.ID)[0].ConnState()
	say(map[string]any{"peer": info.ID.String(), "agent": agent, "protocols": protocols, "echoed": echoed, "rtt_ns": result.RTT.Nanoseconds(),
		"security": state.Security, "muxer": state.StreamMultiplexer, "early_muxer": state.UsedEarlyMuxerNegotiation})
}

func echo(ctx context.Context, h host.Host, id peer.ID) {
	s, err := h.NewStream(ctx, id, echoID)
	if err != nil {
		fail("opening a stream", err)
	}
	sent := make([]byte, echoBytes)
	rand.Read(sent)
	go func() {
		s.Write(sent)
		s.CloseWrite()
	}()
	received, err := io.ReadAll(s)
	if err != nil {
		fail("reading the echo", err)
	}
	if !bytes.Equal(sent, received) {
		fail("comparing the echo", fmt.Errorf("%d bytes came back", len(received)))
	}
}

func main() {
	security := flag.String("security", "noise,tls", "noise, tls or both, in order of preference")
	key := flag.String("key", "ed25519", "the identity's kind of key")
	flag.Parse()
	if flag.NArg() < 1 {
		fail("starting", fmt.Errorf("usage: peer [flags] listen | dial MULTIADDR | mesh | mixed GHOSTNET"))
	}
	if flag.Arg(0) == "mixed" {
		mixed(flag.Arg(1))
		return
	}
	h := newHost(strings.Split(*security, ","), *key)
	defer h.Close()
	switch flag.Arg(0) {
	case "listen":
		listen(h)
	case "dial":
		dial(h, flag.Arg(1))
	case "mesh":
		mesh(h)
	}
}
