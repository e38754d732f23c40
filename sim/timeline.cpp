#include "ghostnet/sim/timeline.hpp"

#include <ns3/nstime.h>
#include <ns3/object-factory.h>
#include <ns3/priority-queue-scheduler.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "ghostnet/runtime/clock.hpp"

namespace ghostnet::sim {

namespace {

constexpr std::int64_t kNone = TimerQueue::kNone;

// ns-3's fastest queue, with its head shown: how far our own queue may run ahead. And the one place that ns-3 passes
// between any two events, where a turn that somebody asked for costs no event of its own.
class ShownScheduler : public ns3::PriorityQueueScheduler {
 public:
  static ns3::TypeId GetTypeId() {
    static ns3::TypeId id = ns3::TypeId("ghostnet::ShownScheduler")
                                .SetParent<ns3::PriorityQueueScheduler>()
                                .AddConstructor<ShownScheduler>();
    return id;
  }
  ShownScheduler() { current = this; }
  ~ShownScheduler() override {
    if (current == this) current = nullptr;
  }

  ns3::Scheduler::Event RemoveNext() override {
    if (between_events != nullptr) between_events->run_requested_turn();
    return PriorityQueueScheduler::RemoveNext();
  }
  std::int64_t next_ns() const { return IsEmpty() ? kNone : static_cast<std::int64_t>(PeekNext().key.m_ts); }

  // ns-3 makes the scheduler from a factory, and has one simulator to a process.
  static inline ShownScheduler* current = nullptr;
  static inline Timeline* between_events = nullptr;  // while it has been asked for a turn
};

bool alive = false;

}  // namespace

struct Timeline::Ns3 {
  static std::int64_t now_ns() { return ns3::Simulator::Now().GetNanoSeconds(); }
};

Timeline::Timeline(Options options) : options_(options), ns3_(std::make_unique<Ns3>()), pulse_at_ns_(kNone) {
  if (std::exchange(alive, true)) throw std::logic_error("ns-3 has one simulator to a process: one Timeline at a time");
  ns3::ObjectFactory factory;
  factory.SetTypeId(ShownScheduler::GetTypeId());
  ns3::Simulator::SetScheduler(factory);
  loop_.set_wall_offset(options.wall_epoch);
}

Timeline::~Timeline() {
  ShownScheduler::between_events = nullptr;
  ns3::Simulator::Destroy();
  alive = false;
}

void Timeline::run_until(TimePoint end) {
  stopped_ = false;
  in_ns3_event([] {});  // what became ready between two runs
  std::int64_t end_ns = to_ns(end);
  if (end_ns >= Ns3::now_ns()) {
    // An event that only marks the end: our instants at `end` come before it, ns-3's own stop would come before them.
    ns3::Simulator::Schedule(ns3::NanoSeconds(end_ns - Ns3::now_ns()), [this, end_ns] {
      run_own(end_ns);
      ns3::Simulator::Stop();
    });
    ns3::Simulator::Run();
  }
  if (!stopped_) loop_.set_now(end);
}

void Timeline::stop() {
  stopped_ = true;
  ns3::Simulator::Stop();
}

void Timeline::at(TimePoint at, std::function<void()> body) {
  std::int64_t delay_ns = std::max<std::int64_t>(0, to_ns(at) - Ns3::now_ns());
  ns3::Simulator::Schedule(ns3::NanoSeconds(delay_ns),
                           [this, body = std::move(body)] { in_ns3_event([&body] { body(); }); });
}

std::uint64_t Timeline::ns3_events() const { return ns3::Simulator::GetEventCount(); }

void Timeline::request_turn() {
  if (!in_turn_) ShownScheduler::between_events = this;
}

void Timeline::run_requested_turn() {
  ShownScheduler::between_events = nullptr;
  in_ns3_event([] {});
}

bool Timeline::enter() {
  if (in_turn_) return false;
  ShownScheduler::between_events = nullptr;  // this is the turn
  in_turn_ = true;
  loop_.set_now(from_ns(Ns3::now_ns()));
  return true;
}

void Timeline::leave() {
  loop_.run_ready();
  ++turns_;
  in_turn_ = false;
  arm_pulse();
}

void Timeline::pulse() {
  pulse_at_ns_ = kNone;
  if (stopped_) return;
  std::int64_t now_ns = Ns3::now_ns();
  std::int64_t limit_ns = now_ns;
  if (!options_.lock_step && ShownScheduler::current != nullptr) limit_ns = ShownScheduler::current->next_ns();
  run_own(std::max(limit_ns, now_ns));
  arm_pulse();
}

void Timeline::run_own(std::int64_t limit_ns) {
  in_turn_ = true;
  if (source_ != nullptr) {
    source_->run(loop_, limit_ns, stopped_);
  } else {
    turns_ += run_timers(loop_, limit_ns, stopped_);
  }
  in_turn_ = false;
}

std::int64_t Timeline::own_lower_bound_ns() {
  std::int64_t bound_ns = loop_.timers().lower_bound_ns();
  return source_ == nullptr ? bound_ns : std::min(bound_ns, source_->lower_bound_ns());
}

// Events of ns-3 are never cancelled (its queues search for them): a pulse that comes too early finds nothing to do.
void Timeline::arm_pulse() {
  std::int64_t head_ns = own_lower_bound_ns();
  if (head_ns == kNone || head_ns >= pulse_at_ns_) return;
  pulse_at_ns_ = std::max(head_ns, Ns3::now_ns());
  ns3::Simulator::Schedule(ns3::NanoSeconds(pulse_at_ns_ - Ns3::now_ns()), [this] { pulse(); });
}

std::uint64_t run_timers(Loop& loop, std::int64_t limit_ns, const bool& stop) {
  std::uint64_t turns = 0;
  TimerQueue& timers = loop.timers();
  while (!stop && timers.lower_bound_ns() <= limit_ns) {
    if (!timers.settled()) {
      timers.settle();
      continue;
    }
    loop.set_now(from_ns(timers.head().at_ns));
    loop.fire_head_timer();
    loop.run_ready();
    ++turns;
  }
  return turns;
}

}  // namespace ghostnet::sim
