// PeerStore: what a node knows of peers: their addresses, and what they say of themselves.
//
// Bounded: at most `max_peers`; at most kMaxAddresses addresses and kMaxProtocols protocols of each. Peers that are
// pinned stay. Of the others those that were only heard of go first, oldest first, down to a quarter of the room, so
// that hearsay drives out nobody who was met, and those who were met leave room for hearsay. Addresses live for a time
// that whoever adds them says; those that a peer has from itself come before those that others tell, and are not
// driven out by them. Texts are kept once, since all peers say much the same, and as long as some peer says them.
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

// Who told of an address: the peer itself (it was dialled there, or identify or a signed record says so), or others.
enum class Told : std::uint8_t { by_others, by_itself };

// Identify's answer, or as much of it as came (libp2p specs, identify).
struct PeerAbout {
  std::vector<std::string_view> protocols{};  // what find() returns has texts of the store
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
  static constexpr std::size_t kMaxTexts = 4096;       // of all peers together; more are not remembered
  static constexpr std::size_t kMaxStrangeTexts = 64;  // of one peer, that no other says

  static constexpr Duration kConnectedAddress = 30min;  // after the connection's end, as go-libp2p has it
  static constexpr Duration kProvidedAddress = 24h;

  explicit PeerStore(std::size_t max_peers) : max_peers_(max_peers) {}
  PeerStore(const PeerStore&) = delete;
  PeerStore& operator=(const PeerStore&) = delete;

  // Without their /p2p; those that name another peer are left out. An address that is known lives on for the longer
  // time.
  void add_addresses(const PeerId& peer, std::span<const Multiaddr> addresses, TimePoint now, Duration lifetime,
                     Told told = Told::by_itself);
  // Those of the peer itself live at least for so long from here on.
  void prolong(const PeerId& peer, TimePoint now, Duration lifetime);
  // Those that the peer told itself, then the others; the newest first. While the peer is pinned, what it told itself
  // does not grow old.
  std::vector<Multiaddr> addresses(const PeerId& peer, TimePoint now) const;
  // Of these, those that one of the two told.
  std::vector<Multiaddr> addresses(const PeerId& peer, TimePoint now, Told told) const;
  void remove_addresses(const PeerId& peer);

  // Null: nothing is known. Good until the store changes.
  const PeerAbout* find(const PeerId& peer) const;
  bool supports(const PeerId& peer, std::string_view protocol) const;
  // Copies the texts; those beyond the bounds are left out.
  void set_about(const PeerId& peer, PeerAbout about);
  // The same text, kept as long as the store is: for protocols of this node.
  std::string_view keep_own(std::string_view text) { return *own_texts_.emplace(text).first; }

  // A pinned peer is not forgotten for want of room.
  void pin(const PeerId& peer);
  void unpin(const PeerId& peer);

  // The pinned ones, those that were met, those that were heard of.
  std::vector<PeerId> peers() const;
  std::size_t size() const { return peers_.size(); }
  std::size_t text_count() const { return texts_.size(); }

 private:
  using Order = std::list<PeerId>;  // oldest first
  struct Address {
    Multiaddr address;
    TimePoint until;
    Told told;
  };
  struct Entry {
    std::vector<Address> addresses{};
    PeerAbout about{};
    std::uint32_t pins = 0;
    bool met = false;
    Order* order = nullptr;
    Order::iterator place{};
  };

  Entry* entry_for(const PeerId& peer);
  bool make_room();
  void forget(const PeerId& peer);
  void file(Entry& entry);
  static void add(std::vector<Address>& to, Address address);
  void replace_texts(PeerAbout& about, const PeerAbout& before);

  std::size_t max_peers_;
  std::unordered_map<PeerId, Entry> peers_;
  Order pinned_;
  Order met_;
  Order heard_;
  std::map<std::string, std::uint32_t, std::less<>> texts_;  // and how often each is said
  std::set<std::string, std::less<>> own_texts_;
};

}  // namespace ghostnet::libp2p
