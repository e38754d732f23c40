// PeerStore: what a node knows of peers: their addresses, and what they say of themselves.
//
// Bounded: at most `max_peers`, of which those that are not connected go first, oldest first; at most kMaxAddresses
// addresses and kMaxProtocols protocols of each. Addresses live for a time that whoever adds them says. Protocol ids
// are kept once for the node, since all peers have much the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ghostnet/libp2p/multiaddr.hpp"
#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::libp2p {

// Identify's answer, or as much of it as came (libp2p specs, identify).
struct PeerAbout {
  std::vector<std::string_view> protocols{};  // the store keeps the text
  std::string_view agent{};
  std::string_view protocol_version{};
  Multiaddr observed{};   // where the peer saw us come from
  Bytes signed_record{};  // its envelope, checked (RFC 0003); empty: it gave none
  std::uint64_t record_seq = 0;
};

class PeerStore {
 public:
  static constexpr std::size_t kMaxAddresses = 32;
  static constexpr std::size_t kMaxProtocols = 256;
  static constexpr std::size_t kMaxTexts = 4096;  // of all peers together; more are not remembered

  static constexpr Duration kConnectedAddress = 30min;  // after the connection's end, as go-libp2p has it
  static constexpr Duration kProvidedAddress = 24h;

  explicit PeerStore(std::size_t max_peers) : max_peers_(max_peers) {}
  PeerStore(const PeerStore&) = delete;
  PeerStore& operator=(const PeerStore&) = delete;

  // Without their /p2p; those that name another peer are left out. An address that is known lives on for the longer
  // time.
  void add_addresses(const PeerId& peer, std::span<const Multiaddr> addresses, TimePoint now, Duration lifetime);
  // The newest first.
  std::vector<Multiaddr> addresses(const PeerId& peer, TimePoint now) const;
  void remove_addresses(const PeerId& peer);

  // Null: nothing is known. Good until the store changes.
  const PeerAbout* find(const PeerId& peer) const;
  bool supports(const PeerId& peer, std::string_view protocol) const;
  void set_about(const PeerId& peer, PeerAbout about);
  // The same text, kept by the store; nothing where there are kMaxTexts.
  std::optional<std::string_view> keep(std::string_view text);

  // A pinned peer is not forgotten for want of room.
  void pin(const PeerId& peer);
  void unpin(const PeerId& peer);

  std::vector<PeerId> peers() const;
  std::size_t size() const { return peers_.size(); }

 private:
  struct Address {
    Multiaddr address;
    TimePoint until;
  };
  struct Entry {
    std::vector<Address> addresses{};
    PeerAbout about{};
    std::uint32_t pins = 0;
    std::list<PeerId>::iterator place{};
  };

  Entry* entry_for(const PeerId& peer);
  bool make_room();

  std::size_t max_peers_;
  std::unordered_map<PeerId, Entry> peers_;
  std::list<PeerId> order_;  // oldest first
  std::set<std::string, std::less<>> texts_;
};

}  // namespace ghostnet::libp2p
