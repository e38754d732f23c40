// What a host counts of its IP packets: what passed, and what was dropped and why.
#pragma once

#include <cstdint>
#include <string_view>

#include "ghostnet/runtime/metrics.hpp"

namespace ghostnet::ip {

enum class DropReason : std::uint8_t {
  not_ip,               // neither version
  truncated,            // shorter than its header says
  bad_length,           // lengths that contradict each other
  bad_checksum,         // of the IPv4 header
  bad_header,           // options or extension headers that break their format or are not known
  martian_source,       // a source that nobody can have, or that is this host's own
  martian_destination,  // a destination that never stands on a wire
  not_for_us,           // and this host is no router, or not for this packet
  no_route,
  hop_limit,  // reached zero on its way
  too_big,    // for the next link, and not to be fragmented
  source_routed,
  unknown_protocol,
  fragment_malformed,
  fragment_overlap,
  fragment_refused,  // a bound of reassembly
  fragment_timeout,
  bad_transport,       // a header that is not whole
  transport_checksum,  // of UDP, TCP, ICMP or IGMP
  no_port,             // nobody listens
  receive_queue_full,  // of a socket
  link_queue_full,     // of an interface
  link_refused,        // the link failed, or is down
};
inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(DropReason::link_refused) + 1;

std::string_view to_string(DropReason reason);

struct IpMetrics {
  Counter received;
  Counter received_bytes;
  Counter sent;
  Counter sent_bytes;
  Counter forwarded;
  Counter fragments_received;
  Counter reassembled;
  Counter fragments_sent;
  Counter segments_cut;
  Counter echo_replies;
  Counter errors_sent;
  Counter errors_suppressed;
  Counter errors_received;
  Counter path_mtu_reports;

  Counter dropped_not_ip;
  Counter dropped_truncated;
  Counter dropped_bad_length;
  Counter dropped_bad_checksum;
  Counter dropped_bad_header;
  Counter dropped_martian_source;
  Counter dropped_martian_destination;
  Counter dropped_not_for_us;
  Counter dropped_no_route;
  Counter dropped_hop_limit;
  Counter dropped_too_big;
  Counter dropped_source_routed;
  Counter dropped_unknown_protocol;
  Counter dropped_fragment_malformed;
  Counter dropped_fragment_overlap;
  Counter dropped_fragment_refused;
  Counter dropped_fragment_timeout;
  Counter dropped_bad_transport;
  Counter dropped_transport_checksum;
  Counter dropped_no_port;
  Counter dropped_receive_queue_full;
  Counter dropped_link_queue_full;
  Counter dropped_link_refused;

  void drop(DropReason reason, std::uint64_t packets = 1);
  std::uint64_t dropped(DropReason reason) const;
  std::uint64_t dropped() const;

  static constexpr std::string_view kFamily = "ip";
  static constexpr FamilyMetric<IpMetrics> kMetrics[] = {
      {&IpMetrics::received, "received", "packets", "packets that links handed over"},
      {&IpMetrics::received_bytes, "received_bytes", "bytes", "of those packets, headers included"},
      {&IpMetrics::sent, "sent", "packets", "packets given to links, forwarded ones included"},
      {&IpMetrics::sent_bytes, "sent_bytes", "bytes", "of those packets, headers included"},
      {&IpMetrics::forwarded, "forwarded", "packets", "packets passed on for others"},
      {&IpMetrics::fragments_received, "fragments_received", "packets", "fragments for this host"},
      {&IpMetrics::reassembled, "reassembled", "packets", "packets put together from fragments"},
      {&IpMetrics::fragments_sent, "fragments_sent", "packets", "fragments made here"},
      {&IpMetrics::segments_cut, "segments_cut", "packets", "packets cut from super-packets for links without offload"},
      {&IpMetrics::echo_replies, "echo_replies", "packets", "answers to ICMP echo requests"},
      {&IpMetrics::errors_sent, "errors_sent", "packets", "ICMP errors sent"},
      {&IpMetrics::errors_suppressed, "errors_suppressed", "packets", "ICMP errors that the rate limit held back"},
      {&IpMetrics::errors_received, "errors_received", "packets", "ICMP errors about packets of this host"},
      {&IpMetrics::path_mtu_reports, "path_mtu_reports", "packets", "reports that made a path narrower"},
      {&IpMetrics::dropped_not_ip, "dropped_not_ip", "packets", "neither IPv4 nor IPv6"},
      {&IpMetrics::dropped_truncated, "dropped_truncated", "packets", "shorter than the header says"},
      {&IpMetrics::dropped_bad_length, "dropped_bad_length", "packets", "lengths that contradict each other"},
      {&IpMetrics::dropped_bad_checksum, "dropped_bad_checksum", "packets", "wrong IPv4 header checksum"},
      {&IpMetrics::dropped_bad_header, "dropped_bad_header", "packets", "options or extension headers not understood"},
      {&IpMetrics::dropped_martian_source, "dropped_martian_source", "packets", "a source that cannot be"},
      {&IpMetrics::dropped_martian_destination, "dropped_martian_destination", "packets",
       "a destination that cannot be"},
      {&IpMetrics::dropped_not_for_us, "dropped_not_for_us", "packets", "for others, and not forwarded"},
      {&IpMetrics::dropped_no_route, "dropped_no_route", "packets", "no route to the destination"},
      {&IpMetrics::dropped_hop_limit, "dropped_hop_limit", "packets", "hop limit exceeded"},
      {&IpMetrics::dropped_too_big, "dropped_too_big", "packets", "larger than the next link carries"},
      {&IpMetrics::dropped_source_routed, "dropped_source_routed", "packets", "with a source route"},
      {&IpMetrics::dropped_unknown_protocol, "dropped_unknown_protocol", "packets", "of a protocol not spoken here"},
      {&IpMetrics::dropped_fragment_malformed, "dropped_fragment_malformed", "packets", "fragments of bad length"},
      {&IpMetrics::dropped_fragment_overlap, "dropped_fragment_overlap", "packets", "fragments that overlap"},
      {&IpMetrics::dropped_fragment_refused, "dropped_fragment_refused", "packets", "fragments beyond a bound"},
      {&IpMetrics::dropped_fragment_timeout, "dropped_fragment_timeout", "packets", "never completed"},
      {&IpMetrics::dropped_bad_transport, "dropped_bad_transport", "packets", "transport header not whole"},
      {&IpMetrics::dropped_transport_checksum, "dropped_transport_checksum", "packets", "wrong transport checksum"},
      {&IpMetrics::dropped_no_port, "dropped_no_port", "packets", "nobody listens at the port"},
      {&IpMetrics::dropped_receive_queue_full, "dropped_receive_queue_full", "packets", "a socket's queue was full"},
      {&IpMetrics::dropped_link_queue_full, "dropped_link_queue_full", "packets", "an interface's queue was full"},
      {&IpMetrics::dropped_link_refused, "dropped_link_refused", "packets", "the link failed or is down"},
  };
};

}  // namespace ghostnet::ip
