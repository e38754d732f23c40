module ghostnet/bench/libp2p

go 1.26.6

require (
	github.com/libp2p/go-libp2p-pubsub v0.19.0
	github.com/libp2p/go-yamux/v5 v5.1.0
	google.golang.org/protobuf v1.36.11
)

require github.com/libp2p/go-buffer-pool v0.1.0 // indirect
