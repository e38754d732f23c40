#include "ghostnet/ip/ip_metrics.hpp"

#include <array>

namespace ghostnet::ip {

namespace {

struct Place {
  Counter IpMetrics::* counter;
  std::string_view name;
};

// In the order of DropReason.
constexpr std::array<Place, kDropReasons> kPlaces{{
    {&IpMetrics::dropped_not_ip, "not_ip"},
    {&IpMetrics::dropped_truncated, "truncated"},
    {&IpMetrics::dropped_bad_length, "bad_length"},
    {&IpMetrics::dropped_bad_checksum, "bad_checksum"},
    {&IpMetrics::dropped_bad_header, "bad_header"},
    {&IpMetrics::dropped_martian_source, "martian_source"},
    {&IpMetrics::dropped_martian_destination, "martian_destination"},
    {&IpMetrics::dropped_not_for_us, "not_for_us"},
    {&IpMetrics::dropped_no_route, "no_route"},
    {&IpMetrics::dropped_hop_limit, "hop_limit"},
    {&IpMetrics::dropped_too_big, "too_big"},
    {&IpMetrics::dropped_source_routed, "source_routed"},
    {&IpMetrics::dropped_unknown_protocol, "unknown_protocol"},
    {&IpMetrics::dropped_fragment_malformed, "fragment_malformed"},
    {&IpMetrics::dropped_fragment_overlap, "fragment_overlap"},
    {&IpMetrics::dropped_fragment_refused, "fragment_refused"},
    {&IpMetrics::dropped_fragment_timeout, "fragment_timeout"},
    {&IpMetrics::dropped_bad_transport, "bad_transport"},
    {&IpMetrics::dropped_transport_checksum, "transport_checksum"},
    {&IpMetrics::dropped_no_port, "no_port"},
    {&IpMetrics::dropped_receive_queue_full, "receive_queue_full"},
    {&IpMetrics::dropped_link_queue_full, "link_queue_full"},
    {&IpMetrics::dropped_link_refused, "link_refused"},
}};

const Place& place_of(DropReason reason) { return kPlaces[static_cast<std::size_t>(reason)]; }

}  // namespace

std::string_view to_string(DropReason reason) { return place_of(reason).name; }

void IpMetrics::drop(DropReason reason, std::uint64_t packets) { (this->*place_of(reason).counter).add(packets); }

std::uint64_t IpMetrics::dropped(DropReason reason) const { return (this->*place_of(reason).counter).value(); }

std::uint64_t IpMetrics::dropped() const {
  std::uint64_t sum = 0;
  for (const Place& place : kPlaces) sum += (this->*place.counter).value();
  return sum;
}

}  // namespace ghostnet::ip
