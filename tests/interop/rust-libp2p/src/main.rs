//! A rust-libp2p peer for the interoperability tests of ghostnet: TCP, Noise, yamux, identify, ping, gossipsub and the
//! DHT, driven by lines of JSON.
//!
//! It prints {"addr": ...}, then one line for each thing that happens.
//!
//! Commands: {"do": "dial", "addr"}, "join" {topic}, "publish" {topic, data}, "put" {key, value}, "get" {key}, "provide" and
//! "providers" {key}. Each is answered by {"did": ..., "ok": true|false}; it ends when stdin ends.
use std::collections::HashMap;
use std::error::Error;

use futures::StreamExt;
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity};
use libp2p::kad::{self, GetProvidersOk, GetRecordOk, ProgressStep, QueryId, QueryResult, Quorum, Record, RecordKey};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent, dial_opts::DialOpts};
use libp2p::{Multiaddr, StreamProtocol, Swarm, SwarmBuilder, identify, identity::Keypair, noise, ping, tcp, yamux};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(NetworkBehaviour)]
struct Peer {
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    gossip: gossipsub::Behaviour,
    dht: kad::Behaviour<kad::store::MemoryStore>,
}

fn peer(key: &Keypair) -> Fallible<Peer> {
    let id = key.public().to_peer_id();
    let mut dht = kad::Behaviour::with_config(
        id,
        kad::store::MemoryStore::new(id),
        kad::Config::new(StreamProtocol::new("/ipfs/kad/1.0.0")),
    );
    dht.set_mode(Some(kad::Mode::Server));
    Ok(Peer {
        identify: identify::Behaviour::new(
            identify::Config::new("/ipfs/0.1.0".into(), key.public()).with_agent_version("rust-libp2p".into()),
        ),
        ping: ping::Behaviour::default(),
        gossip: gossipsub::Behaviour::new(MessageAuthenticity::Signed(key.clone()), gossipsub::Config::default())?,
        dht,
    })
}

fn swarm() -> Fallible<Swarm<Peer>> {
    Ok(SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)?
        .with_behaviour(peer)?
        .build())
}

fn say(what: Value) {
    println!("{what}");
}

/// What is asked of the DHT, by its query, until it is answered.
type Asked = HashMap<QueryId, &'static str>;

fn command(swarm: &mut Swarm<Peer>, asked: &mut Asked, line: &str) -> Fallible<()> {
    let command: Value = serde_json::from_str(line)?;
    let text = |name: &str| command[name].as_str().unwrap_or_default();
    let Peer { gossip, dht, .. } = swarm.behaviour_mut();
    match text("do") {
        "dial" => {
            // What the peer is expected to be is the end of its address.
            swarm.dial(DialOpts::from(text("addr").parse::<Multiaddr>()?))?;
            return Ok(());
        }
        "join" => {
            gossip.subscribe(&IdentTopic::new(text("topic")))?;
        }
        "publish" => {
            gossip.publish(IdentTopic::new(text("topic")), text("data").as_bytes())?;
        }
        "put" => {
            let record = Record::new(RecordKey::new(&text("key")), text("value").into());
            asked.insert(dht.put_record(record, Quorum::One)?, "put");
            return Ok(());
        }
        "get" => {
            asked.insert(dht.get_record(RecordKey::new(&text("key"))), "get");
            return Ok(());
        }
        "provide" => {
            asked.insert(dht.start_providing(RecordKey::new(&multihash(text("key"))))?, "provide");
            return Ok(());
        }
        "providers" => {
            asked.insert(dht.get_providers(RecordKey::new(&multihash(text("key")))), "providers");
            return Ok(());
        }
        other => return Err(format!("no such command: {other}").into()),
    }
    say(json!({"did": text("do"), "ok": true}));
    Ok(())
}

/// Of a text of hexadecimal digits.
fn multihash(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2).filter_map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).ok()).collect()
}

/// An answer of the DHT, once and only once for each query.
fn answer(asked: &mut Asked, id: QueryId, result: QueryResult, step: &ProgressStep) {
    let Some(did) = asked.get(&id).copied() else { return };
    let said = match result {
        QueryResult::PutRecord(result) => result.map(|_| json!(null)).map_err(|error| error.to_string()),
        QueryResult::StartProviding(result) => result.map(|_| json!(null)).map_err(|error| error.to_string()),
        QueryResult::GetRecord(Ok(GetRecordOk::FoundRecord(found))) => {
            Ok(json!(String::from_utf8_lossy(&found.record.value)))
        }
        QueryResult::GetRecord(Err(error)) => Err(error.to_string()),
        QueryResult::GetProviders(Ok(GetProvidersOk::FoundProviders { providers, .. })) => {
            Ok(json!(providers.iter().map(ToString::to_string).collect::<Vec<_>>()))
        }
        QueryResult::GetProviders(Err(error)) => Err(error.to_string()),
        _ if step.last => Err("nothing was found".into()),
        _ => return,
    };
    asked.remove(&id);
    match said {
        Ok(value) => say(json!({"did": did, "ok": true, "value": value})),
        Err(error) => say(json!({"did": did, "ok": false, "error": error})),
    }
}

fn happened(swarm: &mut Swarm<Peer>, asked: &mut Asked, event: SwarmEvent<PeerEvent>) {
    match event {
        SwarmEvent::NewListenAddr { address, .. } => {
            say(json!({"addr": format!("{address}/p2p/{}", swarm.local_peer_id())}));
        }
        SwarmEvent::ConnectionEstablished { peer_id, endpoint, .. } => {
            say(json!({"connected": peer_id.to_string(), "dialled": endpoint.is_dialer()}));
            if endpoint.is_dialer() {
                say(json!({"did": "dial", "ok": true}));
            }
        }
        SwarmEvent::OutgoingConnectionError { error, .. } => {
            say(json!({"did": "dial", "ok": false, "error": error.to_string()}));
        }
        SwarmEvent::Behaviour(PeerEvent::Identify(identify::Event::Received { peer_id, info, .. })) => {
            say(json!({"identified": peer_id.to_string(), "agent": info.agent_version,
                "protocols": info.protocols.iter().map(ToString::to_string).collect::<Vec<_>>()}));
            for address in info.listen_addrs {
                swarm.behaviour_mut().dht.add_address(&peer_id, address);
            }
        }
        SwarmEvent::Behaviour(PeerEvent::Ping(ping::Event { peer, result, .. })) => {
            say(json!({"pinged": peer.to_string(), "ok": result.is_ok()}));
        }
        SwarmEvent::Behaviour(PeerEvent::Gossip(gossipsub::Event::Message { message, .. })) => {
            say(json!({"topic": message.topic.to_string(), "message": String::from_utf8_lossy(&message.data),
                "from": message.source.map(|from| from.to_string())}));
        }
        SwarmEvent::Behaviour(PeerEvent::Gossip(gossipsub::Event::Subscribed { peer_id, topic })) => {
            say(json!({"subscribed": peer_id.to_string(), "topic": topic.to_string()}));
        }
        SwarmEvent::Behaviour(PeerEvent::Dht(kad::Event::OutboundQueryProgressed { id, result, step, .. })) => {
            answer(asked, id, result, &step);
        }
        _ => {}
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Fallible<()> {
    let mut swarm = swarm()?;
    swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse()?)?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut asked = Asked::new();
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let Some(line) = line? else { return Ok(()) };
                if let Err(error) = command(&mut swarm, &mut asked, &line) {
                    say(json!({"did": serde_json::from_str::<Value>(&line)?["do"], "ok": false, "error": error.to_string()}));
                }
            }
            event = swarm.select_next_some() => happened(&mut swarm, &mut asked, event),
        }
    }
}
