module ghostnet/bench/libp2p

go 1.24

require (
	github.com/libp2p/go-libp2p-pubsub v0.14.2
	github.com/libp2p/go-yamux/v5 v5.0.1
)

require (
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/libp2p/go-buffer-pool v0.1.0 // indirect
)
