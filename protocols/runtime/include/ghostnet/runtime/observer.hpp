// Observer: what may be seen of the hosts of a world beyond their metrics: who is linked with whom, and which way
// messages go.
//
// Worlds and protocols tell it (Host::observer()); it is null unless a run is recorded, so not to be seen costs a look
// at a pointer. An observer takes note and does nothing else: it draws no chance of a host's, wakes nobody, and may not
// be asked back into whoever tells it. So a run is the same, to the digest, whether it is seen or not. It is used by
// the world's thread of control, outlives what it is set for, and bounds what it keeps.
//
// Hosts are named by their id where a world tells, and by an address or a protocol's own name (a libp2p peer id) where
// a protocol does, which does not know ids. What names nobody known is not noted.
#pragma once

#include <cstdint>
#include <string_view>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/host_id.hpp"
#include "ghostnet/runtime/result_sink.hpp"

namespace ghostnet {

// What tells one link between two hosts from another.
struct LinkName {
  std::string_view kind{};   // "tcp", "mesh", "dht"
  std::string_view topic{};  // of a mesh; empty: none
  // Both ends tell of it, and it is up while one of them says so. Otherwise it leads from who tells to the other.
  bool mutual = true;
  // Of an entry in a routing table: the bucket that it stands in. Negative: it is none.
  std::int32_t bucket = -1;
};

class Observer {
 public:
  // ---- names ----

  // kNoHost: nobody that is known.
  virtual HostId host_at(const IpAddress& address) const = 0;
  virtual HostId host_named(ByteView name) const = 0;
  // From now on `host` goes by this name, too.
  virtual void named(HostId host, ByteView name) = 0;

  // ---- links ----

  // `host` has come to have such a link with `peer`. Several of one name may be up; as many are to go down.
  virtual void link_up(HostId host, HostId peer, const LinkName& name) = 0;
  virtual void link_down(HostId host, HostId peer, const LinkName& name) = 0;

  // ---- messages of applications, from host to host ----

  // A message sets out at `host`. `id` is the same at every host.
  virtual void published(HostId host, ByteView id) = 0;
  // Whether it is one whose copies are noted: what follows need not be told of others.
  virtual bool traces(ByteView id) const = 0;
  // A copy was given to what carries it to `to`; and it is there.
  virtual void handed_on(HostId from, HostId to, ByteView id, std::size_t size_bytes) = 0;
  virtual void arrived(HostId from, HostId to, ByteView id) = 0;

  // ---- packets ----

  // Whether the packet that is being sent is to be followed; whoever asks does so for every packet.
  bool follows_next() { return --until_followed_ == 0 && choose(); }
  // What became of one that was. Instants are those of the world's loop.
  virtual void message(const MessageSample& message) = 0;

 protected:
  ~Observer() = default;

  // Every packet is 1; never: 0.
  void follow_after(std::uint64_t packets) { until_followed_ = packets; }

 private:
  // It was the turn of a packet: says whether it is followed indeed, and calls follow_after().
  virtual bool choose() = 0;

  std::uint64_t until_followed_ = 0;
};

}  // namespace ghostnet
