// A js-libp2p peer for the interoperability tests of ghostnet: TCP, Noise and TLS, yamux, identify, ping, gossipsub and the
// DHT, driven by lines of JSON.
//
//   node peer.mjs noise|tls|noise,tls      prints {"addr": ...}, then one line for each thing that happens
//
// Commands: {"do": "dial", "addr"}, "ping" (as dial, then one round trip), "join" and "publish" {topic, data}, "put" and
// "get" {key, value}. Each is answered by {"did": ..., "ok": true|false}; it ends when stdin ends.
import './before_node_22.mjs'
import { createInterface } from 'node:readline'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const say = (what) => process.stdout.write(JSON.stringify(what) + '\n')
const bytes = (text) => new TextEncoder().encode(text)
const text = (data) => new TextDecoder().decode(data)
const securities = { noise: noise(), tls: tls() }

const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: (process.argv[2] ?? 'noise').split(',').map((name) => securities[name]),
  streamMuxers: [yamux()],
  services: {
    identify: identify(),
    ping: ping(),
    pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }),
    dht: kadDHT({
      protocol: '/ipfs/kad/1.0.0',
      clientMode: false,
      peerInfoMapper: passthroughMapper,
      validators: { v: async () => {} },
      selectors: { v: () => 0 }
    })
  }
})

node.addEventListener('peer:identify', ({ detail }) => {
  say({ identified: detail.peerId.toString(), agent: detail.agentVersion, protocols: detail.protocols,
    signed_record: detail.signedPeerRecord != null, security: detail.connection.encryption,
    muxer: detail.connection.multiplexer })
})
node.services.pubsub.addEventListener('message', ({ detail }) => {
  say({ topic: detail.topic, message: text(detail.data), from: detail.from?.toString() })
})
node.services.pubsub.addEventListener('gossipsub:graft', ({ detail }) => say({ graft: detail.peerId, topic: detail.topic }))

const commands = {
  dial: async ({ addr }) => ({ peer: (await node.dial(multiaddr(addr))).remotePeer.toString() }),
  ping: async ({ addr }) => ({ rtt_ms: await node.services.ping.ping(multiaddr(addr)) }),
  join: async ({ topic }) => node.services.pubsub.subscribe(topic),
  publish: async ({ topic, data }) => ({ recipients: (await node.services.pubsub.publish(topic, bytes(data))).recipients.map(String) }),
  put: async ({ key, value }) => {
    let stored = 0
    for await (const event of node.services.dht.put(bytes(key), bytes(value))) {
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') stored++
    }
    return { stored }
  },
  get: async ({ key }) => {
    for await (const event of node.services.dht.get(bytes(key))) {
      if (event.name === 'VALUE') return { value: text(event.value) }
    }
    throw new Error('no value')
  }
}

say({ addr: node.getMultiaddrs()[0].toString() })
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  try {
    const result = await commands[command.do](command)
    say({ did: command.do, ok: true, ...result })
  } catch (error) {
    say({ did: command.do, ok: false, error: String(error) })
  }
}
await node.stop()
process.exit(0)
