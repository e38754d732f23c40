package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ipfs/boxo/ipns"
	"github.com/ipfs/boxo/path"
	"github.com/ipfs/go-cid"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multihash"
)

// Any value under /v/ is valid, and the first that is met is kept.
type anything struct{}

func (anything) Validate(string, []byte) error        { return nil }
func (anything) Select(string, [][]byte) (int, error) { return 0, nil }

// One command of standard input, as {"do": ...}.
type command struct {
	Do, Addr, Topic, Data, Key, Value, Peer string
}

// Takes part in gossip and in the DHT, as it is told by lines of JSON.
func mesh(h host.Host) {
	ctx := context.Background()
	gossip, err := pubsub.NewGossipSub(ctx, h)
	if err != nil {
		fail("starting gossipsub", err)
	}
	table, err := dht.New(h, dht.Mode(dht.ModeServer), dht.ProtocolPrefix("/interop"),
		dht.V1ProtocolOverride("/ipfs/kad/1.0.0"), dht.NamespacedValidator("v", anything{}),
		dht.NamespacedValidator("ipns", ipns.Validator{KeyBook: h.Peerstore()}))
	if err != nil {
		fail("starting the DHT", err)
	}
	topics := map[string]*pubsub.Topic{}
	say(map[string]any{"addr": fmt.Sprintf("%s/p2p/%s", h.Addrs()[0], h.ID())})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fail("reading a command", err)
		}
		within, cancel := context.WithTimeout(ctx, 20*time.Second)
		result, err := obey(within, h, gossip, table, topics, c)
		cancel()
		if err != nil {
			say(map[string]any{"did": c.Do, "error": err.Error()})
		} else {
			say(map[string]any{"did": c.Do, "result": result})
		}
	}
}

func obey(ctx context.Context, h host.Host, gossip *pubsub.PubSub, table *dht.IpfsDHT, topics map[string]*pubsub.Topic,
	c command) (any, error) {
	switch c.Do {
	case "dial":
		addr, err := multiaddr.NewMultiaddr(c.Addr)
		if err != nil {
			return nil, err
		}
		info, err := peer.AddrInfoFromP2pAddr(addr)
		if err != nil {
			return nil, err
		}
		return info.ID.String(), h.Connect(ctx, *info)
	case "join":
		topic, err := gossip.Join(c.Topic)
		if err != nil {
			return nil, err
		}
		topics[c.Topic] = topic
		messages, err := topic.Subscribe()
		if err != nil {
			return nil, err
		}
		go func() {
			for {
				message, err := messages.Next(context.Background())
				if err != nil {
					return
				}
				say(map[string]any{"message": string(message.Data), "from": message.GetFrom().String()})
			}
		}()
		return c.Topic, nil
	case "publish":
		return c.Topic, topics[c.Topic].Publish(ctx, []byte(c.Data))
	case "put":
		return c.Key, table.PutValue(ctx, c.Key, []byte(c.Value))
	case "get":
		value, err := table.GetValue(ctx, c.Key)
		return string(value), err
	case "provide":
		return c.Key, table.Provide(ctx, contentOf(c.Key), true)
	case "providers":
		ids := []string{}
		found, err := table.FindProviders(ctx, contentOf(c.Key))
		for _, info := range found {
			ids = append(ids, info.ID.String())
		}
		return ids, err
	case "find":
		id, err := peer.Decode(c.Peer)
		if err != nil {
			return nil, err
		}
		info, err := table.FindPeer(ctx, id)
		return info.Addrs, err
	case "name":
		to, err := path.NewPath(c.Value)
		if err != nil {
			return nil, err
		}
		until := time.Now().Add(time.Hour)
		record, err := ipns.NewRecord(h.Peerstore().PrivKey(h.ID()), to, 1, until, time.Minute)
		if err != nil {
			return nil, err
		}
		bytes, err := ipns.MarshalRecord(record)
		if err != nil {
			return nil, err
		}
		return c.Value, table.PutValue(ctx, string(ipns.NameFromPeer(h.ID()).RoutingKey()), bytes)
	case "resolve":
		id, err := peer.Decode(c.Peer)
		if err != nil {
			return nil, err
		}
		bytes, err := table.GetValue(ctx, string(ipns.NameFromPeer(id).RoutingKey()))
		if err != nil {
			return nil, err
		}
		record, err := ipns.UnmarshalRecord(bytes)
		if err != nil {
			return nil, err
		}
		to, err := record.Value()
		if err != nil {
			return nil, err
		}
		return to.String(), ipns.ValidateWithName(record, ipns.NameFromPeer(id))
	case "size":
		return table.RoutingTable().Size(), nil
	}
	return nil, errors.New("no such command")
}

func contentOf(text string) cid.Cid {
	hash, _ := multihash.Sum([]byte(text), multihash.SHA2_256, -1)
	return cid.NewCidV1(cid.Raw, hash)
}
