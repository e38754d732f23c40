// Stack: the TCP of one host: who is connected to whom, who listens, and who is told what.
//
//   tcp::Stack stack(host, carrier, Random::derive(seed, host.id(), "tcp"));
//   auto listener = stack.listen({.local = Endpoint(IpAddress(), 80)});
//   auto stream = co_await stack.connect({.peer = server});
//
// A Carrier is what takes segments to other hosts and hands theirs to receive(): a simulated network, or an IP layer.
// receive() may not be called from within Carrier::send().
//
// Who owns what: streams and listeners are their user's; what they stand on (Tcb, tcb.hpp) is the stack's, since a
// connection outlives its stream until what was written has been delivered. A stack outlives its streams. When its host
// loses power, power_off() ends everything without a word to anybody.
//
// Ports are drawn as RFC 6056 3.3.3 and 3.3.5 want, sequence numbers by RFC 6528. A listener whose backlog is full goes
// on by SYN cookies (RFC 4987 3.6). Segments for nobody are answered by resets (RFC 9293 3.10.7.1). Everything is
// bounded by Tuning.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/tcp/connection.hpp"
#include "ghostnet/tcp/connection_status.hpp"
#include "ghostnet/tcp/flow_table.hpp"
#include "ghostnet/tcp/ledger.hpp"
#include "ghostnet/tcp/secrets.hpp"
#include "ghostnet/tcp/tcp_metrics.hpp"
#include "ghostnet/tcp/time_wait.hpp"
#include "ghostnet/tcp/tuning.hpp"

namespace ghostnet::tcp {

class Tcb;
class TcpListener;
class TcpStream;

class Carrier {
 public:
  struct Route {
    IpAddress source;
    std::uint32_t mtu_bytes = 1500;  // of whole packets
  };
  // The address that packets to `destination` leave from; nothing when it cannot be reached.
  virtual std::optional<Route> route(const IpAddress& destination) const = 0;
  virtual bool owns(const IpAddress& address) const = 0;
  // Sends one segment, or a super-packet no longer than most_payload_bytes(), now or never. The header is complete but
  // for the checksum. An error is one that this host knows of: unreachable, message_too_large.
  virtual std::optional<Errc> send(const IpAddress& source, const IpAddress& destination,
                                   const OutSegment& segment) = 0;
  virtual std::uint32_t most_payload_bytes() const { return 0; }

 protected:
  ~Carrier() = default;
};

class Stack {
 public:
  Stack(Host& host, Carrier& carrier, Random random, const Tuning& tuning);
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack();

  // ---- the user's side: as Host has them ----

  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options);
  Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions options);

  // ---- the network's side ----

  // A segment whose checksum is right, or needed none. The endpoints' ports are those that count: they may have been
  // translated on the way.
  void receive(const Endpoint& source, const Endpoint& destination, ByteView segment, Ecn ecn);
  // What ICMP errors say of a packet from `local` to `peer` whose TCP header began with `quoted`. The first tells
  // whether such a segment is on its way.
  bool on_packet_too_big(const Endpoint& local, const Endpoint& peer, SeqNumber quoted, std::uint32_t mtu_bytes);
  void on_unreachable(const Endpoint& local, const Endpoint& peer, SeqNumber quoted, Errc error);
  // The host has lost its power. It can be used again afterwards; everything from before is closed.
  void power_off();

  // ---- for who watches ----

  // Of the whole host.
  const TcpMetrics& metrics() const { return metrics_; }
  std::uint64_t buffered_bytes() const { return ledger_.buffered_bytes(); }
  const Tuning& tuning() const { return tuning_; }
  std::size_t connections() const { return table_.size() - time_wait_count_; }
  // Those that are not in TIME-WAIT, by their endpoints.
  std::vector<ConnectionStatus> statuses() const;
  std::optional<ConnectionStatus> status(const Endpoint& local, const Endpoint& peer) const;
  std::size_t time_waits() const { return time_wait_count_; }
  // Steps that bring into the cache what receive() will touch, one after the other.
  std::uint32_t flow_hash(const Endpoint& local, const Endpoint& peer) const { return secrets_.flow_hash(local, peer); }
  void prefetch_slot(std::uint32_t hash) const { table_.prefetch_slot(hash); }
  void prefetch_flow(std::uint32_t hash) const;
  void prefetch_stream(std::uint32_t hash) const;
  // Step 0 is who waits for the stream, and the steps of ForeseenReader follow (runtime/foresight.hpp).
  void foresee_reading(std::uint32_t hash, unsigned step) const;

 private:
  friend class Tcb;
  friend class TcpListener;
  friend class TcpStream;

  // Lets TIME-WAITs go.
  class Sweeper final : private Completion {
   public:
    explicit Sweeper(Stack& stack);
    Timer timer;

   private:
    PromiseBase* completed() noexcept override;
    Spawned* root() const noexcept override { return nullptr; }
    Stack& stack_;
    Timer::ExpiryAwaiter expiry_;
  };

  TimePoint now() const { return host_.now(); }
  ConnectionSetup setup_for(const Endpoint& local, const Endpoint& peer, std::uint32_t mtu_bytes,
                            const StreamOptions& stream);
  Result<std::unique_ptr<TcpStream>> begin(const ConnectOptions& options);
  Result<std::uint16_t> choose_port(const IpAddress& local, const Endpoint& peer);
  bool port_is_free(const Endpoint& local, const Endpoint& peer, SeqNumber& least_sequence);
  Result<Endpoint> bind(const ListenOptions& options);

  void receive_for_nobody(const Endpoint& source, const Endpoint& destination, const Segment& segment, Ecn ecn);
  TcpListener* listener_for(const Endpoint& local, const Endpoint& peer) const;
  void open_passively(TcpListener& listener, const Endpoint& local, const Endpoint& peer, const Segment& segment,
                      Ecn ecn, std::optional<SeqNumber> least_sequence);
  void send_cookie(const TcpListener& listener, const Endpoint& local, const Endpoint& peer, const SegmentHeader& syn,
                   std::uint32_t mtu_bytes);
  void refuse(Tcb& tcb, SeqNumber sequence, Errc error);
  bool open_by_cookie(TcpListener& listener, const Endpoint& local, const Endpoint& peer, const Segment& segment,
                      Ecn ecn);
  void reset(const Endpoint& local, const Endpoint& peer, const Segment& segment);

  // Sends what the connection has to say, tells its user what changed, arms its timer, and lets it go when it is over.
  void work(Tcb& tcb);
  void tell(Tcb& tcb, std::uint8_t events);
  void note_open(Tcb& tcb);
  void note_end(Tcb& tcb);
  void relieve();  // of early data
  void leave_to_time_wait(Tcb& tcb);
  void unlist(Tcb& tcb);
  void show(Tcb& tcb, bool up);  // to whom observes the host
  void destroy(Tcb& tcb);
  void sweep();
  void drop(TimeWait& wait);
  void release(Tcb& tcb, bool shut);  // its stream is gone
  void close(TcpListener& listener);

  Host& host_;
  Carrier& carrier_;
  const Tuning& tuning_;
  TcpMetrics& metrics_;
  Ledger ledger_;
  Random random_;
  Secrets secrets_;
  FlowTable table_;
  std::vector<TcpListener*> listeners_;
  std::unique_ptr<Sweeper> sweeper_;
  IntrusiveList<TimeWait> waits_;  // in the order in which they end
  std::uint32_t time_wait_count_ = 0;
  std::uint32_t half_open_ = 0;
  std::uint32_t port_step_ = 0;
  TimePoint cookies_until_{};  // an ACK may carry a cookie until then
};

}  // namespace ghostnet::tcp
