// YamuxSession: the driver that joins a YamuxEngine to the secured stream of a connection, and YamuxStream, the
// PeerStream over it.
//
// run() waits until the connection ends, and says why it did; what comes is read as it comes, without waking a
// coroutine. Output leaves at the end of the turn in which it was queued, so that what several streams say at once
// travels in one write. An idle session holds no buffer.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ghostnet/libp2p/message_feed.hpp"
#include "ghostnet/libp2p/metrics.hpp"
#include "ghostnet/libp2p/multistream.hpp"
#include "ghostnet/libp2p/peer_stream.hpp"
#include "ghostnet/libp2p/yamux_engine.hpp"
#include "ghostnet/runtime/foresight.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/readiness_relay.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/runtime/turn_end.hpp"

namespace ghostnet::libp2p {

class YamuxSession;

class YamuxStream final : public PeerStream, private YamuxStreamState {
 public:
  YamuxStream(YamuxSession& session, Direction direction);
  ~YamuxStream() override;

  Result<std::size_t> try_read(MutableByteView buffer) override;
  Result<std::size_t> try_write(std::span<const ByteView> parts) override;
  Result<> shutdown_send() override { return finish(); }
  void abort() override { reset(); }
  void deliver_messages(MessageSink& sink, std::size_t max_bytes) override;
  void foresee_writing(unsigned step) const override;

  // The protocol is agreed.
  void agree(std::string_view protocol) { protocol_ = protocol; }
  // As dialer: the lines to write first; the answer to them is read before the first data.
  std::vector<std::uint8_t> propose_lazily(std::string_view protocol);

 protected:
  Loop& loop() override { return clock_.loop(); }

 private:
  friend class YamuxSession;

  void became_readable() override;
  void became_writable() override { wake_writer(); }
  bool take_now(ByteView data) override;
  void foresee_taking(unsigned step) const override;
  Result<> read_answer();
  void feed_what_waits();

  Clock clock_;
  NodeMetrics& metrics_;
  std::unique_ptr<LazyProposal> proposal_;  // until its answer was read
  std::optional<MessageFeed> feed_{};       // of messages that are delivered rather than read
};

class YamuxSession final : private YamuxEngine::Driver, private ForeseenReader {
 public:
  static constexpr std::size_t kReadBytes = 128 * 1024;
  static constexpr std::size_t kReadsPerTurn = 4;  // then others get theirs
  static constexpr Duration kFarewell = 5s;        // for the peer to close after a go-away

  // Who gets the streams that the peer opens, each not yet negotiated. Outlives the session.
  class Acceptor {
   public:
    virtual void inbound(std::unique_ptr<YamuxStream> stream) = 0;

   protected:
    ~Acceptor() = default;
  };

  // The options and the budget outlive it.
  YamuxSession(Host& host, std::unique_ptr<Stream> secured, std::shared_ptr<const ConnectionInfo> info,
               const YamuxOptions& options, NodeMetrics& metrics, Acceptor& acceptor, YamuxBudget* budget = nullptr);
  YamuxSession(const YamuxSession&) = delete;
  YamuxSession& operator=(const YamuxSession&) = delete;
  ~YamuxSession();

  // Until the connection ends, and then why: closed when either side said farewell.
  Task<Error> run();

  // Errors: YamuxEngine::open().
  Result<std::unique_ptr<YamuxStream>> open();

  // Says go-away and waits for the peer to close, for kFarewell at most.
  void close();
  // At once.
  void abort(Error why);

  const std::shared_ptr<const ConnectionInfo>& info() const { return info_; }
  std::size_t streams() const { return engine_.streams(); }
  // Either side said farewell, or it is over: no stream is opened any more.
  bool closing() const { return ended_ || farewell_ends_ || engine_.peer_gone_away(); }
  std::optional<Duration> rtt() const { return engine_.rtt(); }

 private:
  friend class YamuxStream;

  class Deadline final : public Completion {
   public:
    explicit Deadline(YamuxSession& session) : session_(session), timer_(session.host_.clock()) {}
    void arm(TimePoint at);

   private:
    PromiseBase* completed() noexcept override;
    Spawned* root() const noexcept override { return nullptr; }
    YamuxSession& session_;
    Timer timer_;
    std::optional<Timer::ExpiryAwaiter> waiting_;
  };

  YamuxStreamState* accept_stream() override;
  void has_output() override { flusher_.schedule(); }
  std::size_t send_now(std::span<const ByteView> parts) override {
    const Result<std::size_t> written = secured_->try_write(parts);
    return written ? *written : 0;  // flush() meets the error
  }
  void foresee_output(unsigned step) const override;
  void foresee_reading(unsigned step) const override;
  void read();
  Result<> pump();
  void finish(Error why);
  void flush();
  void on_deadline();

  Host& host_;
  std::unique_ptr<Stream> secured_;
  ForeseenStream* foreseen_;  // the same; null where it is none
  std::shared_ptr<const ConnectionInfo> info_;
  NodeMetrics& metrics_;
  Acceptor& acceptor_;
  std::vector<std::unique_ptr<YamuxStream>> accepted_;  // while the engine reads
  YamuxEngine engine_;
  TurnEnd<YamuxSession, &YamuxSession::flush> flusher_;
  Deadline deadline_{*this};
  ReadinessRelay<YamuxSession, &YamuxSession::read> readable_relay_{*this};
  TurnEnd<YamuxSession, &YamuxSession::read> read_on_;  // others had their turn
  ReadinessRelay<YamuxSession, &YamuxSession::flush> writable_relay_{*this};
  std::optional<TimePoint> farewell_ends_{};
  std::optional<Error> ended_{};
  Event over_;
};

}  // namespace ghostnet::libp2p
