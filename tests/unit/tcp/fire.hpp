// One transfer over links drawn at random from a seed, and what is wrong with how it went.
#pragma once

#include <fmt/core.h>

#include <string>

#include "pair.hpp"

namespace ghostnet::tcp {

struct FireReport {
  std::uint64_t seed = 0;
  std::string complaint;  // empty: none
  std::string outcome;
  std::string links;
  std::uint64_t segments = 0;

  std::string describe() const { return fmt::format("seed {}: {}; {}; {}", seed, complaint, outcome, links); }
};

inline link::LinkParams random_link(Random& random) {
  link::LinkParams params;
  if (random.below(4) != 0) params.rate_bps = 50'000u << random.below(12);
  params.delay = random.between(0ns, 200ms);
  if (random.below(3) == 0) {
    params.jitter = random.between(0ns, 20ms);
    params.jitter_may_reorder = random.below(2) == 0;
  }
  switch (random.below(4)) {
    case 0: params.loss = Probability::of(random.unit() * 0.3); break;
    case 1: params.loss = Probability::of(random.unit() * 0.03); break;
    case 2:
      params.burst_loss = {.enter_bad = Probability::of(random.unit() * 0.02),
                           .leave_bad = Probability::of(0.1 + 0.4 * random.unit())};
      break;
    default: break;
  }
  if (random.below(3) == 0) params.corrupt = Probability::of(random.unit() * 0.05);
  if (random.below(3) == 0) params.duplicate = Probability::of(random.unit() * 0.1);
  if (random.below(3) == 0) {
    params.reorder = Probability::of(random.unit() * 0.2);
    params.reorder_delay = random.between(1ms, 60ms);
  }
  params.queue_limit_bytes = static_cast<std::uint32_t>(3000u << random.below(8));
  switch (random.below(5)) {
    case 0: params.ecn_threshold_bytes = params.queue_limit_bytes / 3; break;
    case 1: params.discipline = link::Discipline::codel; break;
    default: break;
  }
  return params;
}

inline Tuning random_tuning(Random& random) {
  Tuning tuning;
  tuning.sack = random.below(5) != 0;
  tuning.timestamps = random.below(4) != 0;
  tuning.window_scaling = random.below(5) != 0;
  tuning.pacing = static_cast<Pacing>(random.below(3));
  tuning.ecn = static_cast<EcnUse>(random.below(3));
  tuning.congestion = random.below(3) == 0 ? &kNewReno : &kCubic;
  tuning.delayed_ack = random.below(5) == 0 ? Duration::zero() : random.between(1ms, 200ms);
  return tuning;
}

inline FireReport under_fire(std::uint64_t seed) {
  Random random = Random::derive(seed, 0, "tcp.fire");
  PairOptions options;
  options.seed = seed;
  options.forth = random_link(random);
  options.back = random_link(random);
  options.client = random_tuning(random);
  options.server = random_tuning(random);
  options.mss = random.below(4) == 0 ? static_cast<std::uint16_t>(88 + random.below(500)) : std::uint16_t{1460};
  options.both_open = random.below(6) == 0;
  options.super_bytes = random.below(4) == 0 ? 20'000 : 0;
  options.client_stream.no_delay = random.below(2) == 0;
  if (random.below(3) == 0) {
    options.server_stream.receive_buffer_bytes = static_cast<std::uint32_t>(2000 + random.below(60'000));
  }
  // Who has nothing to send finds out by asking (RFC 9293 3.8.4).
  options.client_stream.keepalive_idle = options.server_stream.keepalive_idle = 60s;
  options.client_stream.keepalive_interval = options.server_stream.keepalive_interval = 20s;
  options.client_sequence = SeqNumber(static_cast<std::uint32_t>(random.next_u64()));
  options.server_sequence = SeqNumber(static_cast<std::uint32_t>(random.next_u64()));
  bool dies = random.below(8) == 0;
  std::uint64_t forth_bytes = random.below(300'000);
  std::uint64_t back_bytes = random.below(3) == 0 ? random.below(100'000) : 0;

  Pair pair(options);
  pair.client.sends(forth_bytes);
  pair.server.sends(back_bytes);
  if (random.below(2) == 0) {
    // A blackout; every eighth run never sees the light again.
    pair.run_for(random.between(0ns, 3s));
    link::LinkParams dark = options.forth;
    dark.loss = Probability::always();
    dark.burst_loss = {};
    pair.set_links(dark, dark.discipline == options.back.discipline ? dark : options.back);
    pair.run_for(random.between(0ns, 30s));
    if (!dies) pair.set_links(options.forth, options.back);
  }
  bool rested = pair.run_to_rest(20'000s);

  FireReport report{.seed = seed};
  report.segments = pair.client.segments + pair.server.segments;
  report.links =
      fmt::format("loss {:.3f}/{:.3f} rate {}/{} mss {} sack {} ts {}", options.forth.loss.value(),
                  options.back.loss.value(), options.forth.rate_bps, options.back.rate_bps, options.mss,
                  options.client.sack && options.server.sack, options.client.timestamps && options.server.timestamps);
  auto say = [](const Side& side) {
    return fmt::format("{} {} of {} read, failure {}", to_string(side.connection.state()), side.received, side.to_send,
                       side.failed() ? to_string(*side.connection.failure()) : "none");
  };
  report.outcome =
      fmt::format("at {} s client {}; server {}", to_ns(pair.now) / 1'000'000'000, say(pair.client), say(pair.server));
  bool done = pair.client.ended && pair.server.ended && pair.client.received == back_bytes &&
              pair.server.received == forth_bytes;
  bool client_knows = pair.client.failed() || (pair.client.ended && pair.client.connection.finished());
  bool server_knows = pair.server.failed() || pair.server.connection.state() == State::closed;
  if (pair.client.wrong || pair.server.wrong) {
    report.complaint = "an octet that was not sent";
  } else if (pair.client.lied || pair.server.lied) {
    report.complaint = "an acknowledgment of what is not there";
  } else if (pair.client.received > back_bytes || pair.server.received > forth_bytes) {
    report.complaint = "more than was sent";
  } else if (!rested) {
    report.complaint = "it does not come to rest";
  } else if (!done && !(client_knows && server_knows)) {
    report.complaint = "not all arrived, and not both know it";
  } else if (!pair.client.connection.finished() ||
             !(pair.server.connection.finished() || !pair.server.connection.synchronized())) {
    report.complaint = "a connection is left over";
  } else if (!done && !dies && pair.client.connection.failure() != Errc::timed_out &&
             pair.server.connection.failure() != Errc::timed_out) {
    report.complaint = "it failed without a reason";
  }
  return report;
}

}  // namespace ghostnet::tcp
