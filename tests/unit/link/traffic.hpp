// Senders for the tests of queue disciplines, on one link in virtual time: flows of a constant rate, and flows that
// adapt as TCP does (one packet more per round trip, half as many after a loss or a mark).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <queue>
#include <vector>

#include "ghostnet/link/link_model.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::link {

struct FlowConfig {
  std::uint32_t size_bytes = 1250;
  Duration every{};     // constant rate; 0: adaptive
  Duration echo{20ms};  // from an arrival to its acknowledgement
  bool ecn_capable = false;
};

struct FlowReport {
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;
  std::uint64_t marked = 0;
  Duration worst_wait{};  // in the queue; of packets sent in the measured part
  Duration total_wait{};
  std::uint64_t measured = 0;

  std::uint64_t missing() const { return sent - arrived; }
  double mean_wait_ms() const { return static_cast<double>(total_wait.count()) / 1e6 / static_cast<double>(measured); }
};

class Traffic {
 public:
  Traffic(const LinkParams& params, std::vector<FlowConfig> flows)
      : profile_(std::make_shared<const LinkProfile>(LinkProfile::make(params).value())),
        link_(profile_),
        configs_(std::move(flows)),
        flows_(configs_.size()) {}

  // Runs all flows from 0 to `end`; waits are measured of what is sent from `measure_from` on.
  void run(Duration end, Duration measure_from) {
    end_ = TimePoint{end};
    measure_from_ = TimePoint{measure_from};
    for (std::uint32_t i = 0; i < flows_.size(); ++i) events_.push({TimePoint{}, sequence_++, i, kSend, 0, false});
    while (!events_.empty() || link_.next_deadline() != kNever) {
      const TimePoint event = events_.empty() ? kNever : events_.top().at;
      if (link_.next_deadline() <= event) {
        deliver(link_.next_deadline());
      } else {
        const Event next = events_.top();
        events_.pop();
        handle(next);
      }
    }
  }

  const FlowReport& report(std::size_t flow) const { return flows_[flow].report; }
  const LinkCounters& counters() const { return link_.counters(); }

 private:
  enum Kind { kSend, kEcho };
  struct Event {
    TimePoint at;
    std::uint64_t sequence;
    std::uint32_t flow;
    Kind kind;
    std::uint64_t number;
    bool marked;
    bool operator>(const Event& o) const { return at != o.at ? at > o.at : sequence > o.sequence; }
  };
  struct Packet {
    std::uint32_t flow;
    std::uint64_t number;
    TimePoint sent_at;
  };
  struct Flow {
    FlowReport report;
    double window = 2;
    std::uint64_t next_echo = 0;  // all before have arrived or are known to be lost
    std::uint64_t recover = 0;    // no second reaction to losses before this number
  };

  void handle(const Event& event) {
    const FlowConfig& config = configs_[event.flow];
    if (event.kind == kEcho) return on_echo(event);
    if (event.at >= end_) return;
    if (config.every == 0ns) return fill_window(event.flow, event.at);
    send(event.flow, event.at);
    events_.push({event.at + config.every, sequence_++, event.flow, kSend, 0, false});
  }

  void on_echo(const Event& event) {
    Flow& flow = flows_[event.flow];
    const bool congested = event.marked || event.number > flow.next_echo;  // the link keeps a flow in order
    flow.next_echo = event.number + 1;
    if (congested && event.number >= flow.recover) {
      flow.window = std::max(2.0, flow.window / 2);
      flow.recover = flow.report.sent;
    } else {
      flow.window += 1 / flow.window;
    }
    fill_window(event.flow, event.at);
  }

  void fill_window(std::uint32_t number, TimePoint now) {
    Flow& flow = flows_[number];
    while (now < end_ && static_cast<double>(flow.report.sent - flow.next_echo) < flow.window) send(number, now);
  }

  void send(std::uint32_t number, TimePoint now) {
    const FlowConfig& config = configs_[number];
    const PacketInfo info{.size_bytes = config.size_bytes, .ecn_capable = config.ecn_capable, .flow_hash = number};
    (void)link_.enqueue(now, Packet{number, flows_[number].report.sent++, now}, info, random_);
  }

  void deliver(TimePoint now) {
    while (const auto delivery = link_.poll(now, random_)) {
      const Packet& packet = delivery->packet;
      const FlowConfig& config = configs_[packet.flow];
      FlowReport& report = flows_[packet.flow].report;
      ++report.arrived;
      report.marked += delivery->ce_marked ? 1 : 0;
      if (packet.sent_at >= measure_from_) {
        const auto bits = std::uint64_t{config.size_bytes} * 8;
        const Duration sending{static_cast<std::int64_t>(bits * 1'000'000'000 / profile_->rate_bps())};
        const Duration wait = delivery->arrival - packet.sent_at - profile_->delay() - sending;
        report.worst_wait = std::max(report.worst_wait, wait);
        report.total_wait += wait;
        ++report.measured;
      }
      if (config.every == 0ns) {
        events_.push({now + config.echo, sequence_++, packet.flow, kEcho, packet.number, delivery->ce_marked});
      }
    }
  }

  std::shared_ptr<const LinkProfile> profile_;
  LinkModel<Packet> link_;
  Random random_ = Random::derive(1, 1, "traffic");
  std::vector<FlowConfig> configs_;
  std::vector<Flow> flows_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t sequence_ = 0;
  TimePoint end_{};
  TimePoint measure_from_{};
};

}  // namespace ghostnet::link
