// YamuxEngine: one side of a yamux session (libp2p specs, yamux, /yamux/1.0.0), without I/O.
//
// Bytes and time go in; bytes to send, the next deadline, and what happens to streams come out. Its contract with the
// driver: receive() gets what the connection brought, in order; while output() is not empty the driver sends it and
// says so with sent(); on_time() is called when next_deadline() has come. The first error that receive() or on_time()
// returns ends the session: its go-away is in output(), nothing more is taken in.
//
// Flow control: every stream starts with 256 KiB in each direction. Half a window read is given back to the peer; where
// the reader used it up within four round trips, the window doubles first, as go-yamux has it, up to
// max_window_bytes. The round trip is measured, by a ping, once a stream is busy enough to need it.
//
// What a peer can do is bounded: streams (more are reset), what is held for readers (max_receive_bytes, and what all
// sessions share, YamuxBudget), bytes beyond a window, answers to pings that it does not read: each ends the session.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ghostnet/libp2p/yamux_options.hpp"
#include "ghostnet/libp2p/yamux_wire.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::libp2p {

class YamuxEngine;

// One stream as the engine sees it. Whoever derives from it owns it; destroying it before finish() resets it. It may
// outlive its engine.
class YamuxStreamState {
 public:
  YamuxStreamState() = default;
  YamuxStreamState(const YamuxStreamState&) = delete;
  YamuxStreamState& operator=(const YamuxStreamState&) = delete;
  virtual ~YamuxStreamState() { detach(); }

  std::uint32_t id() const { return id_; }

  // As Stream::try_read() and try_write() have it. `now` drives the tuning of the window.
  Result<std::size_t> take(MutableByteView buffer, TimePoint now);
  Result<std::size_t> put(std::span<const ByteView> parts);
  Result<> finish();
  void reset();

  // Of what the peer may send without being asked again.
  std::uint32_t window_bytes() const { return window_; }
  std::size_t readable_bytes() const { return in_.size(); }

 protected:
  // Trying again may succeed. Neither destroys a stream or the engine.
  virtual void became_readable() = 0;
  virtual void became_writable() = 0;
  // Data that came while nothing waits to be read: true where it was taken, and nothing is left to read. May reset the
  // stream, not destroy it.
  virtual bool take_now(ByteView data) {
    static_cast<void>(data);
    return false;
  }
  // For the cache (runtime/foresight.hpp): what take_now() works with besides the stream itself, step by step.
  virtual void foresee_taking(unsigned step) const { static_cast<void>(step); }
  // The same of what the engine works with when something is put, the engine first.
  void foresee_output(unsigned step) const;

 private:
  friend class YamuxEngine;

  void end(Errc why);
  void detach();
  std::uint16_t take_flags();

  YamuxEngine* engine_ = nullptr;  // null: the session is gone, or never was
  std::uint32_t id_ = 0;
  std::uint32_t send_credit_ = kYamuxInitialWindowBytes;     // what we may send
  std::uint32_t receive_credit_ = kYamuxInitialWindowBytes;  // what the peer may send
  std::uint32_t window_ = kYamuxInitialWindowBytes;
  std::optional<Errc> ended_{};  // both ways, at once
  bool outbound_ = false;
  bool announced_ = false;     // SYN or ACK was sent
  bool acknowledged_ = false;  // outbound: the peer's ACK has come
  bool finished_ = false;      // we sent FIN
  bool peer_finished_ = false;
  bool wants_room_ = false;
  PacketBuf in_;
  TimePoint window_given_{};
};

class YamuxEngine {
 public:
  enum class Side : std::uint8_t { client, server };  // who dialled is the client: odd ids

  // Answers that a peer may leave unread, beyond max_send_bytes.
  static constexpr std::size_t kMaxControlBytes = 64 * 1024;
  // Frames of so many bytes are worth a write of their own: they leave without a copy.
  static constexpr std::size_t kLongFrameBytes = 16 * 1024;

  class Driver {
   public:
    // A peer opened a stream. Null refuses it.
    virtual YamuxStreamState* accept_stream() = 0;
    // output() is not empty any more.
    virtual void has_output() = 0;
    // Sends a frame at once, while output() is empty: how many bytes of it the connection took. 0: none for now.
    virtual std::size_t send_now(std::span<const ByteView> parts) {
      static_cast<void>(parts);
      return 0;
    }
    // Output will be made: brings into the cache what it will pass through, one step each time.
    virtual void foresee_output(unsigned step) const { static_cast<void>(step); }

   protected:
    ~Driver() = default;
  };

  // The options, the driver and the budget, if there is one, outlive it.
  YamuxEngine(Side side, const YamuxOptions& options, Driver& driver, TimePoint now, YamuxBudget* budget = nullptr);
  YamuxEngine(const YamuxEngine&) = delete;
  YamuxEngine& operator=(const YamuxEngine&) = delete;
  ~YamuxEngine() { end(Errc::closed); }

  // Errors: protocol and malformed (the peer broke yamux), limit (it went beyond a bound).
  Result<> receive(ByteView bytes, TimePoint now);

  ByteView output() const { return out_.view(); }
  void sent(std::size_t bytes);

  TimePoint next_deadline() const;
  // timed_out when a ping was not answered in time.
  Result<> on_time(TimePoint now);

  // Errors: limit (streams, or too many of them unacknowledged), closed (either side said go-away).
  Result<> open(YamuxStreamState& stream);
  // Opens nothing and accepts nothing from here on.
  void go_away(YamuxGoAway why);
  // Ends all streams with this.
  void end(Errc why);

  bool peer_gone_away() const { return peer_gone_.has_value(); }
  std::size_t streams() const { return streams_.size(); }

  // Data will come: brings into the cache what it will most likely be for, the stream that took data last, one step
  // each time.
  void foresee(unsigned step) const;
  std::optional<Duration> rtt() const { return rtt_; }

 private:
  friend class YamuxStreamState;

  Result<> start_frame(TimePoint now);
  Result<> on_stream_frame();
  Result<> take_data(ByteView& bytes, TimePoint now);
  Result<> end_frame();
  Result<> on_window_update();
  Result<> on_ping(TimePoint now);
  Result<> accept();
  Result<> broke(Error why, YamuxGoAway code);

  // A stream that is gone on our side, not on the peer's.
  struct Drained {
    std::uint32_t id;
    std::uint32_t credit;  // what the peer may send
    std::uint32_t spent;   // and is not given back yet
    std::uint32_t left;    // to throw away
  };

  YamuxStreamState* find(std::uint32_t id) const;
  Drained* find_drained(std::uint32_t id);
  void drain(const YamuxStreamState& stream);
  void throw_away(Drained& drained, std::uint32_t bytes);
  void reset_unknown(std::uint32_t id) { queue({YamuxType::window_update, yamux_flag::kRst, id, 0}); }
  bool is_ours(std::uint32_t id) const { return (id % 2 == 1) == (side_ == Side::client); }
  void hold(std::size_t bytes);
  void release(std::size_t bytes);
  bool holds_too_much() const;
  void leave_budget(const YamuxStreamState& stream);
  void insert(YamuxStreamState& stream);
  void remove(YamuxStreamState& stream);
  void queue(const YamuxHeader& header, std::span<const ByteView> parts = {}, std::size_t size = 0);
  bool send_long(const YamuxHeader& header, std::span<const ByteView> parts, std::size_t size);
  void give_window(YamuxStreamState& stream, TimePoint now);
  void ping(TimePoint now);
  std::size_t send_room() const {
    return out_.size() >= options_.max_send_bytes ? 0 : options_.max_send_bytes - out_.size();
  }

  const YamuxOptions& options_;
  Driver& driver_;
  YamuxBudget* budget_;
  Side side_;
  bool we_go_ = false;
  bool over_ = false;
  std::optional<std::uint32_t> peer_gone_{};
  std::uint8_t header_bytes_ = 0;  // of the header that is being read
  std::array<std::uint8_t, kYamuxHeaderBytes> header_room_{};
  YamuxHeader header_{};
  std::uint32_t body_left_ = 0;
  std::uint32_t next_id_;
  std::uint32_t highest_theirs_ = 0;
  std::uint32_t inbound_ = 0;
  std::uint32_t outbound_ = 0;
  std::uint32_t unacknowledged_ = 0;
  std::size_t held_bytes_ = 0;  // for readers
  struct Entry {
    std::uint32_t id;
    YamuxStreamState* stream;
  };
  std::vector<Entry> streams_;    // by id
  std::vector<Drained> drained_;  // oldest first
  bool somebody_wants_room_ = false;
  const YamuxStreamState* last_taking_ = nullptr;  // the stream that took data last; it may be gone
  PacketBuf out_;
  TimePoint heard_;  // anything from the peer
  std::optional<TimePoint> ping_sent_{};
  std::uint32_t ping_value_ = 0;
  std::optional<Duration> rtt_{};
};

}  // namespace ghostnet::libp2p
