// TcpOptions: the keys by which a scenario, or a command line, tunes our TCP. The meaning of each is that of Tuning
// (tuning.hpp); what they leave out stays as it is there.
#pragma once

#include <cstdint>

#include "ghostnet/runtime/options.hpp"
#include "ghostnet/tcp/tuning.hpp"

namespace ghostnet::tcp {

enum class CongestionChoice : std::uint8_t { cubic, newreno };

}  // namespace ghostnet::tcp

namespace ghostnet {

template <>
inline constexpr OptionChoice<tcp::CongestionChoice> kChoices<tcp::CongestionChoice>[] = {
    {tcp::CongestionChoice::cubic, "cubic"}, {tcp::CongestionChoice::newreno, "newreno"}};
template <>
inline constexpr OptionChoice<tcp::EcnUse> kChoices<tcp::EcnUse>[] = {
    {tcp::EcnUse::off, "off"}, {tcp::EcnUse::accept, "accept"}, {tcp::EcnUse::request, "request"}};
template <>
inline constexpr OptionChoice<tcp::Pacing> kChoices<tcp::Pacing>[] = {
    {tcp::Pacing::off, "off"}, {tcp::Pacing::slow_start, "slow_start"}, {tcp::Pacing::always, "always"}};

}  // namespace ghostnet

namespace ghostnet::tcp {

struct TcpOptions {
  CongestionChoice congestion = CongestionChoice::cubic;
  Pacing pacing = Tuning{}.pacing;
  EcnUse ecn = Tuning{}.ecn;
  bool sack = true;
  bool timestamps = true;
  bool window_scaling = true;
  bool nagle = false;
  Duration keepalive = Tuning{}.keepalive_idle;
  Duration delayed_ack = Tuning{}.delayed_ack;
  Duration min_rto = Tuning{}.least_timeout;
  Duration initial_rto = Tuning{}.initial_timeout;
  Duration user_timeout = Tuning{}.user_timeout;
  Duration time_wait = Tuning{}.time_wait;
  std::uint32_t initial_window = Tuning{}.initial_window_segments;
  std::uint32_t syn_retries = Tuning{}.syn_retries;
  std::uint32_t retries = Tuning{}.retries;
  DataSize receive_buffer{Tuning{}.receive_buffer_bytes};
  DataSize max_receive_buffer{Tuning{}.max_receive_buffer_bytes};
  DataSize send_buffer{Tuning{}.send_buffer_bytes};
  DataSize max_send_buffer{Tuning{}.max_send_buffer_bytes};
  DataSize max_buffers{Tuning{}.max_buffer_bytes};

  // RFC 7323 2.3: no window is larger.
  static constexpr DataSize kMostBuffer = DataSize::mib(512);

  static constexpr OptionDesc kOptions[] = {
      option<&TcpOptions::congestion>("congestion", "congestion control"),
      option<&TcpOptions::pacing>("pacing", "when segments are spread over the round trip"),
      option<&TcpOptions::ecn>("ecn", "explicit congestion notification: none, where the peer asks, or asked for"),
      option<&TcpOptions::sack>("sack", "selective acknowledgments"),
      option<&TcpOptions::timestamps>("timestamps", "the timestamps option"),
      option<&TcpOptions::window_scaling>("window_scaling", "windows beyond 64 KiB"),
      option<&TcpOptions::nagle>("nagle", "small writes wait for acknowledgments, whatever a stream asks for"),
      option<&TcpOptions::keepalive>("keepalive", "idle time before a peer is asked for a sign of life; 0: never",
                                     in(0ns, 24h)),
      option<&TcpOptions::delayed_ack>("delayed_ack", "how long an acknowledgment may wait; 0: not at all",
                                       in(0ns, 500ms)),
      option<&TcpOptions::min_rto>("min_rto", "the least retransmission timeout", in(1ms, 60s)),
      option<&TcpOptions::initial_rto>("initial_rto", "the timeout before a round trip was measured", in(10ms, 60s)),
      option<&TcpOptions::user_timeout>(
          "user_timeout", "without progress for so long a connection is given up; 0: by retries", in(0ns, 24h)),
      option<&TcpOptions::time_wait>("time_wait", "how long a closed connection keeps its ports", in(0ns, 10min)),
      option<&TcpOptions::initial_window>("initial_window", "what a connection sends at first", in(1U, 100U),
                                          unit("segments")),
      option<&TcpOptions::syn_retries>("syn_retries", "of a connection that gets no answer", in(0U, 20U)),
      option<&TcpOptions::retries>("retries", "of data that is not acknowledged", in(1U, 50U)),
      option<&TcpOptions::receive_buffer>("receive_buffer", "at first", in(DataSize{2048}, kMostBuffer)),
      option<&TcpOptions::max_receive_buffer>("max_receive_buffer", "to which it may grow with the path",
                                              in(DataSize{2048}, kMostBuffer)),
      option<&TcpOptions::send_buffer>("send_buffer", "at first", in(DataSize{2048}, kMostBuffer)),
      option<&TcpOptions::max_send_buffer>("max_send_buffer", "to which it may grow with the window",
                                           in(DataSize{2048}, kMostBuffer)),
      option<&TcpOptions::max_buffers>("max_buffers", "of all connections of a host together",
                                       in(DataSize::kib(64), DataSize::mib(1 << 20))),
  };

  Result<> validate() const {
    if (receive_buffer.bytes > max_receive_buffer.bytes) {
      return fail(Errc::invalid_argument, "receive_buffer is larger than max_receive_buffer");
    }
    if (send_buffer.bytes > max_send_buffer.bytes) {
      return fail(Errc::invalid_argument, "send_buffer is larger than max_send_buffer");
    }
    return {};
  }

  bool operator==(const TcpOptions&) const = default;

  Tuning tuning() const;
};

}  // namespace ghostnet::tcp
