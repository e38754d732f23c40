// Prober: the engine of one ping session. It says when a probe is due, and what became of each. Clockless, no I/O.
//
//   while (!prober.finished()) {
//     while (auto probe = prober.next_probe(now)) send(*probe);
//     prober.expire(now);
//     wait until prober.next_deadline(), handing what arrives meanwhile to prober.on_reply();
//   }
//
// Probes keep their schedule: the nth is due at start + n * interval however late the ones before it left. What was
// sent is remembered for `timeout`, so replies are told apart from duplicates, and forged ones from real ones, for that
// long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "ghostnet/ping/options.hpp"
#include "ghostnet/ping/wire.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::ping {

class Prober {
 public:
  // `request` is valid.
  Prober(std::uint64_t session, const PingRequest& request, TimePoint start);

  std::uint64_t session() const { return session_; }

  // The probe that is due, which counts as sent now.
  std::optional<Message> next_probe(TimePoint now);
  // Gives up on probes that waited too long; how many were lost by that.
  std::size_t expire(TimePoint now);
  // When next_probe() or expire() has something to do; kNever once finished.
  TimePoint next_deadline() const;
  // Every probe was sent, and each is answered or lost.
  bool finished() const { return sent_ == count_ && open_ == 0; }

  enum class Verdict : std::uint8_t { answer, duplicate, stray };
  struct Reply {
    Verdict verdict;
    Duration rtt{};          // of an answer
    bool reordered = false;  // an answer that came after one to a later probe
  };
  Reply on_reply(const Message& reply, TimePoint at);

  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }
  std::uint64_t lost() const { return sent_ - received_ - open_; }

 private:
  struct Probe {
    TimePoint sent_at;
    bool answered = false;
  };

  TimePoint due(std::uint64_t sequence) const;

  std::uint64_t session_;
  std::uint64_t count_;
  Duration interval_;
  Duration timeout_;
  std::size_t padding_bytes_;
  TimePoint start_;

  std::deque<Probe> recent_;  // sent within the timeout; the first has the sequence sent_ - size
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t open_ = 0;           // of recent_, those without an answer
  std::uint64_t next_expected_ = 0;  // one past the highest sequence answered
};

}  // namespace ghostnet::ping
