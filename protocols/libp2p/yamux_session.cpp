#include "ghostnet/libp2p/yamux_session.hpp"

#include <algorithm>
#include <array>

namespace ghostnet::libp2p {
namespace {

constexpr std::size_t kFeedBytes = 4096;       // of what had come before there was a feed, at once
constexpr std::size_t kSecuredBytes = 7 * 64;  // of the object of a secured stream that are worth fetching
constexpr std::size_t kSinkBytes = 4 * 64;     // the same of a sink

}  // namespace

// ---- YamuxStream ----

YamuxStream::YamuxStream(YamuxSession& session, Direction direction)
    : PeerStream(session.info_, direction), clock_(session.host_.clock()), metrics_(session.metrics_) {
  metrics_.streams.add(1);
}

YamuxStream::~YamuxStream() { metrics_.streams.add(-1); }

Result<std::size_t> YamuxStream::try_read(MutableByteView buffer) {
  if (proposal_) {
    if (Result<> answered = read_answer(); !answered) return fail(answered);
  }
  return take(buffer, clock_.now());
}

Result<std::size_t> YamuxStream::try_write(std::span<const ByteView> parts) {
  if (proposal_ && proposal_->failure()) return fail(*proposal_->failure());
  return put(parts);
}

// An answer is read as it comes, also where the stream's owner only writes: nobody shall hold it for ever.
void YamuxStream::became_readable() {
  if (proposal_) static_cast<void>(read_answer());
  if (feed_) return feed_what_waits();
  wake_reader();
}

void YamuxStream::deliver_messages(MessageSink& sink, std::size_t max_bytes) {
  feed_.emplace(sink, max_bytes);
  feed_what_waits();
}

bool YamuxStream::take_now(ByteView data) {
  if (proposal_ || !feed_) return false;
  feed_->feed(data);
  if (feed_->ended()) reset();
  return true;
}

void YamuxStream::foresee_writing(unsigned step) const {
  if (step == 0) return fetch_lines(this, sizeof(*this));
  foresee_output(step - 1);
}

void YamuxStream::foresee_taking(unsigned step) const {
  if (!feed_) return;
  if (step == 0) return fetch_lines(&feed_->sink(), kSinkBytes);
  feed_->sink().foresee(step - 1);
}

void YamuxStream::feed_what_waits() {
  std::array<std::uint8_t, kFeedBytes> room;
  while (!feed_->ended()) {
    const Result<std::size_t> read = try_read(room);
    if (!read && read.error() == Errc::would_block) return;
    if (!read) return feed_->fail_with(read.error());
    if (*read == 0) return feed_->finish();
    feed_->feed(ByteView(room).first(*read));
  }
  reset();
}

std::vector<std::uint8_t> YamuxStream::propose_lazily(std::string_view protocol) {
  proposal_ = std::make_unique<LazyProposal>(std::string(protocol));
  protocol_ = protocol;
  return proposal_->lines();
}

Result<> YamuxStream::read_answer() {
  while (!proposal_->failure()) {
    std::array<std::uint8_t, kMaxProtocolIdBytes + 1> room;
    const MutableByteView wanted = MutableByteView(room).first(std::min(room.size(), proposal_->wanted()));
    const Result<std::size_t> read = take(wanted, clock_.now());
    if (!read) return fail(read);
    if (*read == 0) return fail(Errc::end_of_stream, "the peer ended the stream before it agreed to {}", protocol_);
    if (const Result<bool> agreed = proposal_->feed(wanted.first(*read)); !agreed) {
      reset();
    } else if (*agreed) {
      proposal_.reset();
      return {};
    }
  }
  return fail(*proposal_->failure());
}

// ---- YamuxSession ----

YamuxSession::YamuxSession(Host& host, std::unique_ptr<Stream> secured, std::shared_ptr<const ConnectionInfo> info,
                           const YamuxOptions& options, NodeMetrics& metrics, Acceptor& acceptor, YamuxBudget* budget)
    : host_(host),
      secured_(std::move(secured)),
      foreseen_(dynamic_cast<ForeseenStream*>(secured_.get())),
      info_(std::move(info)),
      metrics_(metrics),
      acceptor_(acceptor),
      engine_(info_->direction == Direction::outbound ? YamuxEngine::Side::client : YamuxEngine::Side::server, options,
              *this, host.now(), budget),
      flusher_(*this, host.loop()),
      read_on_(*this, host.loop()),
      over_(host.loop()) {
  deadline_.arm(engine_.next_deadline());
  if (foreseen_ != nullptr) foreseen_->read_by(this);
}

YamuxSession::~YamuxSession() {
  engine_.end(ended_ ? ended_->code() : Errc::closed);
  if (foreseen_ != nullptr) foreseen_->read_by(nullptr);
  readable_relay_.disarm();
  writable_relay_.disarm();
}

Task<Error> YamuxSession::run() {
  read();
  co_await over_;
  co_return *ended_;
}

void YamuxSession::read() {
  if (ended_) return;
  const Result<> pumped = pump();
  if (ended_) return;
  if (pumped) {
    read_on_.schedule();
  } else if (pumped.error() == Errc::would_block) {
    readable_relay_.arm(secured_->readable());
  } else {
    finish(pumped.error() == Errc::end_of_stream ? Error(Errc::closed, "the peer closed the connection")
                                                 : pumped.error());
  }
}

void YamuxSession::finish(Error why) {
  ended_ = std::move(why);
  flush();
  static_cast<void>(secured_->shutdown_send());  // so that a go-away still arrives
  engine_.end(ended_->code());
  over_.set();
}

// Reads what is there and hands it to the engine; nothing failed: there may be more.
Result<> YamuxSession::pump() {
  // What is read is handed on before anybody else reads: all sessions of the thread share the buffer.
  thread_local const std::unique_ptr<std::uint8_t[]> room(new std::uint8_t[kReadBytes]);
  for (std::size_t i = 0; i < kReadsPerTurn; ++i) {
    const Result<std::size_t> read = secured_->try_read({room.get(), kReadBytes});
    if (!read) return fail(read);
    if (*read == 0) return fail(Errc::end_of_stream);
    Result<> received = engine_.receive({room.get(), *read}, host_.now());
    for (std::unique_ptr<YamuxStream>& stream : std::exchange(accepted_, {})) acceptor_.inbound(std::move(stream));
    if (!received) {
      metrics_.violations.add();
      return received;
    }
  }
  return {};
}

void YamuxSession::flush() {
  while (!engine_.output().empty()) {
    const ByteView output = engine_.output();
    const Result<std::size_t> written = secured_->try_write(std::span(&output, 1));
    if (!written) {
      if (written.error() == Errc::would_block) {
        writable_relay_.arm(secured_->writable());
      } else if (!ended_) {
        abort(written.error());
      }
      return;
    }
    engine_.sent(*written);
  }
  if (farewell_ends_) static_cast<void>(secured_->shutdown_send());
}

void YamuxSession::foresee_output(unsigned step) const {
  if (step == 0) return fetch_lines(this, sizeof(*this));
  if (step == 1) return fetch_lines(secured_.get(), kSecuredBytes);
  if (foreseen_ != nullptr) foreseen_->foresee_writing(step - 2);
}

void YamuxSession::foresee_reading(unsigned step) const {
  if (step == 0) return fetch_lines(this, sizeof(*this));
  if (step == 1) fetch_lines(secured_.get(), kSecuredBytes);
  engine_.foresee(step - 1);
}

YamuxStreamState* YamuxSession::accept_stream() {
  if (farewell_ends_) return nullptr;
  auto stream = std::make_unique<YamuxStream>(*this, Direction::inbound);
  accepted_.push_back(std::move(stream));
  return accepted_.back().get();
}

Result<std::unique_ptr<YamuxStream>> YamuxSession::open() {
  if (ended_) return fail(*ended_);
  auto stream = std::make_unique<YamuxStream>(*this, Direction::outbound);
  if (Result<> opened = engine_.open(*stream); !opened) return fail(opened);
  return stream;
}

void YamuxSession::close() {
  if (farewell_ends_ || ended_) return;
  engine_.go_away(YamuxGoAway::normal);
  farewell_ends_ = host_.now() + kFarewell;
  flusher_.schedule();
  deadline_.arm(*farewell_ends_);
}

void YamuxSession::abort(Error why) {
  if (!ended_) ended_ = std::move(why);
  readable_relay_.disarm();
  secured_->abort();
  over_.set();
}

void YamuxSession::on_deadline() {
  const TimePoint now = host_.now();
  if (farewell_ends_ && now >= *farewell_ends_) return abort({Errc::closed, "closed"});
  if (Result<> checked = engine_.on_time(now); !checked) return abort(checked.error());
  deadline_.arm(farewell_ends_ ? *farewell_ends_ : engine_.next_deadline());
}

void YamuxSession::Deadline::arm(TimePoint at) {
  timer_.arm(at);
  if (waiting_ || at == kNever) return;
  waiting_.emplace(timer_);
  waiting_->start(Continuation(static_cast<Completion&>(*this)));
}

PromiseBase* YamuxSession::Deadline::completed() noexcept {
  waiting_->await_resume();
  waiting_.reset();
  session_.on_deadline();
  return nullptr;
}

}  // namespace ghostnet::libp2p
