package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multihash"
)

// The mixed mesh: twenty nodes, every other one of go-libp2p in this process, the others ghostnet's, each a process.
const (
	mixedNodes     = 20
	mixedMessages  = 5 // published by each node
	mixedTopic     = "mixed"
	mixedPatience  = 60 * time.Second
	smallBytes     = 200
	largeBytes     = 4096 // from 1 KiB on, gossipsub 1.2 sends IDONTWANT
	largeEach      = 3    // every third message is large
	mixedLinksEach = 3    // dialled by each node
)

// What the test asks of a node, whosever it is.
type mixedNode interface {
	id() string
	addr() string
	dial(addr string) error
	publish(data []byte) error
	received() int // messages so far, those of others, each counted once
	put(key, value string) error
	get(key string) (string, error)
	provide(content string) error
	providers(content string) ([]string, error)
	find(id string) error
	close()
}

// ---- go-libp2p ----

type goNode struct {
	host   host.Host
	topic  *pubsub.Topic
	table  *dht.IpfsDHT
	mutex  sync.Mutex
	seen   map[string]bool
	repeat int
}

func newGoNode(i int) *goNode {
	security := []string{"noise", "tls"}
	if i%4 == 0 {
		security = []string{"tls", "noise"}
	}
	n := &goNode{host: newHost(security, "ed25519"), seen: map[string]bool{}}
	ctx := context.Background()
	options := []pubsub.Option{}
	if i%3 == 0 { // some speak 1.1 and no newer one
		options = append(options, pubsub.WithGossipSubProtocols([]protocol.ID{pubsub.GossipSubID_v11}, pubsub.GossipSubDefaultFeatures))
	}
	gossip, err := pubsub.NewGossipSub(ctx, n.host, options...)
	if err != nil {
		fail("starting gossipsub", err)
	}
	if n.table, err = dht.New(n.host, dht.Mode(dht.ModeServer), dht.ProtocolPrefix("/interop"),
		dht.V1ProtocolOverride("/ipfs/kad/1.0.0"), dht.NamespacedValidator("v", anything{})); err != nil {
		fail("starting the DHT", err)
	}
	if n.topic, err = gossip.Join(mixedTopic); err != nil {
		fail("joining", err)
	}
	messages, err := n.topic.Subscribe(pubsub.WithBufferSize(1024))
	if err != nil {
		fail("subscribing", err)
	}
	go func() {
		for {
			message, err := messages.Next(ctx)
			if err != nil {
				return
			}
			if message.GetFrom() == n.host.ID() {
				continue
			}
			n.mutex.Lock()
			if n.seen[string(message.Data[:16])] {
				n.repeat++
			}
			n.seen[string(message.Data[:16])] = true
			n.mutex.Unlock()
		}
	}()
	return n
}

func within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 20*time.Second)
}

func (n *goNode) id() string   { return n.host.ID().String() }
func (n *goNode) addr() string { return fmt.Sprintf("%s/p2p/%s", n.host.Addrs()[0], n.host.ID()) }
func (n *goNode) dial(addr string) error {
	ctx, cancel := within()
	defer cancel()
	info, err := peer.AddrInfoFromP2pAddr(multiaddr.StringCast(addr))
	if err != nil {
		return err
	}
	return n.host.Connect(ctx, *info)
}
func (n *goNode) publish(data []byte) error { return n.topic.Publish(context.Background(), data) }
func (n *goNode) received() int {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.repeat > 0 {
		return -n.repeat
	}
	return len(n.seen)
}
func (n *goNode) put(key, value string) error {
	ctx, cancel := within()
	defer cancel()
	return n.table.PutValue(ctx, key, []byte(value))
}
func (n *goNode) get(key string) (string, error) {
	ctx, cancel := within()
	defer cancel()
	value, err := n.table.GetValue(ctx, key)
	return string(value), err
}
func (n *goNode) provide(content string) error {
	ctx, cancel := within()
	defer cancel()
	return n.table.Provide(ctx, contentOf(content), true)
}
func (n *goNode) providers(content string) ([]string, error) {
	ctx, cancel := within()
	defer cancel()
	ids := []string{}
	found, err := n.table.FindProviders(ctx, contentOf(content))
	for _, info := range found {
		ids = append(ids, info.ID.String())
	}
	return ids, err
}
func (n *goNode) find(id string) error {
	ctx, cancel := within()
	defer cancel()
	whom, err := peer.Decode(id)
	if err != nil {
		return err
	}
	_, err = n.table.FindPeer(ctx, whom)
	return err
}
func (n *goNode) close() { n.host.Close() }

// ---- ghostnet ----

type ghostNode struct {
	process *exec.Cmd
	stdin   io.WriteCloser
	mutex   sync.Mutex
	next    int
	answers map[int]chan map[string]any
	seen    map[string]bool
	repeat  int
	where   string
	at      chan string
}

func newGhostNode(program string, i int) *ghostNode {
	security := "noise,tls"
	if i%4 == 1 {
		security = "tls,noise"
	}
	n := &ghostNode{answers: map[int]chan map[string]any{}, seen: map[string]bool{}, at: make(chan string, 1)}
	n.process = exec.Command(program, "node", "--listen", "/ip4/127.0.0.1/tcp/0", "--topic", mixedTopic, "--dht", "server",
		"--security", security)
	n.process.Stderr = os.Stderr
	stdout, err := n.process.StdoutPipe()
	if err != nil {
		fail("piping", err)
	}
	if n.stdin, err = n.process.StdinPipe(); err != nil {
		fail("piping", err)
	}
	if err := n.process.Start(); err != nil {
		fail("starting "+program, err)
	}
	go n.listen(stdout)
	select {
	case n.where = <-n.at:
	case <-time.After(20 * time.Second):
		fail("starting "+program, fmt.Errorf("it does not listen"))
	}
	return n
}

func (n *ghostNode) listen(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		var said map[string]any
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			fail("reading a line of ghostnet", err)
		}
		if said["event"] == "listening" {
			n.at <- said["addr"].(string)
		} else if said["event"] == "message" {
			data, _ := base64.StdEncoding.DecodeString(said["data"].(string))
			n.mutex.Lock()
			if n.seen[string(data[:16])] {
				n.repeat++
			}
			n.seen[string(data[:16])] = true
			n.mutex.Unlock()
		} else if id, numbered := said["id"].(float64); numbered && said["event"] == nil {
			n.mutex.Lock()
			waiting := n.answers[int(id)]
			n.mutex.Unlock()
			waiting <- said
		}
	}
}

func (n *ghostNode) do(command map[string]any) (map[string]any, error) {
	n.mutex.Lock()
	n.next++
	id := n.next
	waiting := make(chan map[string]any, 1)
	n.answers[id] = waiting
	command["id"] = id
	line, _ := json.Marshal(command)
	_, err := n.stdin.Write(append(line, '\n'))
	n.mutex.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case answer := <-waiting:
		if answer["ok"] != true {
			return answer, fmt.Errorf("%v", answer["error"])
		}
		return answer, nil
	case <-time.After(30 * time.Second):
		return nil, fmt.Errorf("no answer to %s", line)
	}
}

func inBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
func hashOf(content string) string {
	hash, _ := multihash.Sum([]byte(content), multihash.SHA2_256, -1)
	return base64.StdEncoding.EncodeToString(hash)
}

func (n *ghostNode) id() string   { return n.where[strings.LastIndex(n.where, "/")+1:] }
func (n *ghostNode) addr() string { return n.where }
func (n *ghostNode) dial(addr string) error {
	_, err := n.do(map[string]any{"do": "dial", "addr": addr})
	return err
}
func (n *ghostNode) publish(data []byte) error {
	_, err := n.do(map[string]any{"do": "publish", "topic": mixedTopic, "data": base64.StdEncoding.EncodeToString(data)})
	return err
}
func (n *ghostNode) received() int {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.repeat > 0 {
		return -n.repeat
	}
	return len(n.seen)
}
func (n *ghostNode) put(key, value string) error {
	_, err := n.do(map[string]any{"do": "dht_put", "key": inBase64(key), "value": inBase64(value)})
	return err
}
func (n *ghostNode) get(key string) (string, error) {
	answer, err := n.do(map[string]any{"do": "dht_get", "key": inBase64(key)})
	if err != nil {
		return "", err
	}
	value, err := base64.StdEncoding.DecodeString(answer["value"].(string))
	return string(value), err
}
func (n *ghostNode) provide(content string) error {
	_, err := n.do(map[string]any{"do": "dht_provide", "cid": hashOf(content)})
	return err
}
func (n *ghostNode) providers(content string) ([]string, error) {
	answer, err := n.do(map[string]any{"do": "dht_providers", "cid": hashOf(content)})
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, id := range answer["providers"].([]any) {
		ids = append(ids, id.(string))
	}
	return ids, nil
}
func (n *ghostNode) find(id string) error {
	_, err := n.do(map[string]any{"do": "dht_find_peer", "peer": id})
	return err
}
func (n *ghostNode) close() {
	n.do(map[string]any{"do": "quit"})
	n.process.Wait()
}

// ---- the test ----

func mixed(program string) {
	nodes := make([]mixedNode, mixedNodes)
	for i := range nodes {
		if i%2 == 0 {
			nodes[i] = newGoNode(i)
		} else {
			nodes[i] = newGhostNode(program, i)
		}
		defer nodes[i].close()
	}
	for i, n := range nodes { // of both kinds to both kinds: odd and even steps
		for _, step := range []int{1, 4, 7}[:mixedLinksEach] {
			if err := n.dial(nodes[(i+step)%mixedNodes].addr()); err != nil {
				fail(fmt.Sprintf("node %d dials node %d", i, (i+step)%mixedNodes), err)
			}
		}
	}
	tellConnections(nodes)
	time.Sleep(5 * time.Second) // the mesh forms
	gossipThrough(nodes)
	lookUpThrough(nodes)
}

// Both securities, in both directions, as go-libp2p sees them.
func tellConnections(nodes []mixedNode) {
	count := map[string]int{}
	ours := map[string]bool{}
	for i := 1; i < len(nodes); i += 2 {
		ours[nodes[i].id()] = true
	}
	for i := 0; i < len(nodes); i += 2 {
		for _, c := range nodes[i].(*goNode).host.Network().Conns() {
			if !ours[c.RemotePeer().String()] {
				continue
			}
			way := "go dialled"
			if c.Stat().Direction == network.DirInbound {
				way = "ghostnet dialled"
			}
			count[fmt.Sprintf("%s, %s", way, c.ConnState().Security)]++
		}
	}
	for _, way := range []string{"go dialled", "ghostnet dialled"} {
		for _, security := range []string{"/noise", "/tls/1.0.0"} {
			row := fmt.Sprintf("%s, %s", way, security)
			say(map[string]any{"connections": row, "count": count[row]})
			if count[row] == 0 {
				fail("connecting", fmt.Errorf("no connection of the row %s", row))
			}
		}
	}
}

func gossipThrough(nodes []mixedNode) {
	begun := time.Now()
	for round := 0; round < mixedMessages; round++ {
		for i, n := range nodes {
			size := smallBytes
			if (round+i)%largeEach == 0 {
				size = largeBytes
			}
			data := make([]byte, size)
			copy(data, fmt.Sprintf("%08d%08d", i, round))
			if err := n.publish(data); err != nil {
				fail(fmt.Sprintf("node %d publishes", i), err)
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
	const expected = (mixedNodes - 1) * mixedMessages
	for {
		missing := []string{}
		for i, n := range nodes {
			if got := n.received(); got != expected {
				missing = append(missing, fmt.Sprintf("node %d has %d", i, got))
			}
		}
		if len(missing) == 0 {
			break
		}
		if time.Since(begun) > mixedPatience {
			fail("gossiping", fmt.Errorf("%d messages expected: %s", expected, strings.Join(missing, ", ")))
		}
		time.Sleep(50 * time.Millisecond)
	}
	say(map[string]any{"gossip": "every message at every node, once", "nodes": mixedNodes, "messages": mixedNodes * mixedMessages,
		"deliveries": mixedNodes * expected, "seconds": time.Since(begun).Seconds()})
}

func lookUpThrough(nodes []mixedNode) {
	check := func(doing string, err error) {
		if err != nil {
			fail(doing, err)
		}
	}
	for i := 0; i < 4; i++ { // go, ghostnet, go, ghostnet; each found by both kinds, from afar
		key := fmt.Sprintf("/v/key-%d", i)
		check(fmt.Sprintf("node %d puts", i), nodes[i].put(key, key))
		check(fmt.Sprintf("node %d provides", i), nodes[i].provide(key))
		for _, j := range []int{i + 9, i + 10} {
			value, err := nodes[j].get(key)
			check(fmt.Sprintf("node %d gets what node %d put", j, i), err)
			if value != key {
				fail("getting", fmt.Errorf("node %d got %q instead of %q", j, value, key))
			}
			providers, err := nodes[j].providers(key)
			check(fmt.Sprintf("node %d asks for providers", j), err)
			if len(providers) != 1 || providers[0] != nodes[i].id() {
				fail("finding providers", fmt.Errorf("node %d found %v instead of %s", j, providers, nodes[i].id()))
			}
			check(fmt.Sprintf("node %d finds node %d", j, i), nodes[j].find(nodes[i].id()))
		}
	}
	say(map[string]any{"dht": "values, providers and peers of both kinds found by both kinds", "lookups": 4 * 2 * 3})
}
