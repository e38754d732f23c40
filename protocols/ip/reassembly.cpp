#include "ghostnet/ip/reassembly.hpp"

#include <algorithm>
#include <cstring>

#include "ghostnet/runtime/internet_checksum.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip {

namespace {

// RFC 3168 5.3: a mark of congestion on any fragment is one on the datagram; a datagram of which some parts can carry
// marks and others are marked though they cannot is dropped.
std::optional<Ecn> joined_ecn(std::uint8_t seen) {
  constexpr auto bit = [](Ecn ecn) { return 1u << static_cast<unsigned>(ecn); };
  if ((seen & bit(Ecn::ce)) != 0) {
    if ((seen & bit(Ecn::not_ect)) != 0) return std::nullopt;
    return Ecn::ce;
  }
  if ((seen & bit(Ecn::not_ect)) != 0) return Ecn::not_ect;
  return (seen & bit(Ecn::ect0)) != 0 ? Ecn::ect0 : Ecn::ect1;
}

// The header of the whole datagram, from that of its first fragment.
void write_whole_header(MutableByteView packet, const Header& first, std::size_t header_bytes, Ecn ecn) {
  if (first.is_v4()) {
    Header whole = first;
    whole.total_bytes = static_cast<std::uint32_t>(packet.size());
    whole.more_fragments = false;
    // Its options stay where they are, and are part of the checksum.
    const std::uint8_t version_and_length = packet[0];
    emit(whole, packet);
    packet[0] = version_and_length;
    store_be(packet.data() + 10, std::uint16_t{0});
    store_be(packet.data() + 10, internet_checksum(packet.first(header_bytes)));
  } else {
    store_be(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - kIpv6HeaderBytes));
    packet[first.fragment_named_at] = first.protocol;
  }
  set_ecn(packet, ecn);
}

}  // namespace

Reassembler::Outcome Reassembler::add(TimePoint now, const Header& header, IpPacket fragment) {
  const std::size_t payload_bytes = header.payload_bytes();
  const std::size_t end = header.fragment_offset_bytes + payload_bytes;
  // RFC 8200 4.5: all but the last are multiples of eight bytes; and the whole is a packet.
  if (payload_bytes == 0 || (header.more_fragments && payload_bytes % 8 != 0) ||
      end + header.transport_at > max_packet_bytes(header.source.family())) {
    return {Verdict::malformed};
  }
  Datagram* const datagram = find_or_begin(now, header);
  if (datagram == nullptr || datagram->given_up) return {Verdict::refused};
  const Verdict verdict = insert(*datagram, header, fragment);
  if (verdict != Verdict::kept) return {verdict};
  if (datagram->payload_bytes == 0 || datagram->received_bytes != datagram->payload_bytes) return {Verdict::kept};
  std::optional<IpPacket> whole = join(*datagram);
  forget(by_key_.at(datagram->key));
  if (!whole) return {Verdict::refused};
  whole->received_at = fragment.received_at;
  return {Verdict::complete, std::move(*whole)};
}

Reassembler::Datagram* Reassembler::find_or_begin(TimePoint now, const Header& header) {
  const Key key{header.source, header.destination,
                std::uint64_t{header.identification} | (header.is_v4() ? std::uint64_t{header.protocol} << 32 : 0)};
  if (const auto found = by_key_.find(key); found != by_key_.end()) return &*found->second;
  if (options_.max_datagrams == 0) return nullptr;
  if (by_age_.size() >= options_.max_datagrams) forget(by_age_.begin());
  by_age_.push_back({.key = key, .deadline = saturating_add(now, options_.timeout)});
  by_key_.emplace(key, std::prev(by_age_.end()));
  return &by_age_.back();
}

Reassembler::Verdict Reassembler::insert(Datagram& datagram, const Header& header, IpPacket& fragment) {
  const std::uint32_t begin = header.fragment_offset_bytes;
  const auto end = static_cast<std::uint32_t>(begin + header.payload_bytes());
  std::vector<Fragment>& all = datagram.fragments;
  const auto next = std::ranges::upper_bound(all, begin, {}, &Fragment::begin);
  if (next != all.begin() && std::prev(next)->begin == begin && std::prev(next)->end == end) {
    return Verdict::duplicate;
  }
  const bool last_moves = datagram.payload_bytes != 0 && (end > datagram.payload_bytes || !header.more_fragments);
  const bool beyond_last = !header.more_fragments && !all.empty() && all.back().end > end;
  if ((next != all.begin() && std::prev(next)->end > begin) || (next != all.end() && next->begin < end) || last_moves ||
      beyond_last) {
    give_up(datagram);
    return Verdict::overlap;
  }
  if (all.size() >= options_.max_fragments) {
    give_up(datagram);
    return Verdict::refused;
  }
  const std::size_t cost_bytes = fragment.data.capacity() + sizeof(Fragment);
  while (held_bytes_ + cost_bytes > options_.max_bytes) {
    if (&by_age_.front() == &datagram) {
      if (by_age_.size() == 1) {
        give_up(datagram);
        return Verdict::refused;
      }
      // Its own turn comes last.
      by_age_.splice(by_age_.end(), by_age_, by_age_.begin());
    }
    forget(by_age_.begin());
  }
  if (!header.more_fragments) datagram.payload_bytes = end;
  if (begin == 0) datagram.first = header;
  datagram.received_bytes += end - begin;
  datagram.held_bytes += cost_bytes;
  held_bytes_ += cost_bytes;
  datagram.ecn_seen |= static_cast<std::uint8_t>(1u << static_cast<unsigned>(header.ecn()));
  all.insert(next, {std::move(fragment.data), header.transport_at, begin, end});
  return Verdict::kept;
}

// Its key stays until its time is over, so that what still comes of it is refused.
void Reassembler::give_up(Datagram& datagram) {
  held_bytes_ -= datagram.held_bytes;
  datagram.held_bytes = 0;
  datagram.fragments.clear();
  datagram.given_up = true;
}

void Reassembler::forget(Datagrams::iterator datagram) {
  held_bytes_ -= datagram->held_bytes;
  by_key_.erase(datagram->key);
  by_age_.erase(datagram);
}

std::optional<IpPacket> Reassembler::join(Datagram& datagram) {
  const std::optional<Ecn> ecn = joined_ecn(datagram.ecn_seen);
  if (!ecn) return std::nullopt;
  const Header& first = datagram.first;
  const std::size_t header_bytes = first.is_v4() ? first.transport_at : first.fragment_header_at;
  IpPacket whole;
  whole.data = PacketBuf::with_room(0, header_bytes + datagram.payload_bytes);
  whole.data.append(datagram.fragments.front().packet.view().first(header_bytes));
  for (const Fragment& fragment : datagram.fragments) {
    whole.data.append(fragment.packet.view().subspan(fragment.payload_at, fragment.end - fragment.begin));
  }
  write_whole_header(whole.data.writable(), first, header_bytes, *ecn);
  whole.ecn = *ecn;
  return whole;
}

std::optional<Reassembler::Expired> Reassembler::expire(TimePoint now) {
  if (by_age_.empty() || by_age_.front().deadline > now) return std::nullopt;
  Datagram& oldest = by_age_.front();
  Expired expired;
  // RFC 792, RFC 4443 3.3: without the first fragment nobody is told.
  if (!oldest.fragments.empty() && oldest.fragments.front().begin == 0) {
    expired.front = std::move(oldest.fragments.front().packet);
  }
  forget(by_age_.begin());
  return expired;
}

TimePoint Reassembler::next_deadline() const { return by_age_.empty() ? kNever : by_age_.front().deadline; }

}  // namespace ghostnet::ip
