#include "ghostnet/libp2p/identify.hpp"

#include "ghostnet/libp2p/multistream.hpp"
#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::libp2p {

std::vector<std::uint8_t> Identify::encode() const {
  std::vector<std::uint8_t> message;
  ProtobufWriter out(message);
  if (public_key) out.bytes(1, public_key->view());
  for (const Multiaddr& address : listen_addresses) out.bytes(2, address.bytes());
  for (const std::string& protocol : protocols) out.text(3, protocol);
  if (observed_address) out.bytes(4, observed_address->bytes());
  if (protocol_version) out.text(5, *protocol_version);
  if (agent_version) out.text(6, *agent_version);
  if (signed_peer_record) out.bytes(8, signed_peer_record->view());
  return message;
}

Result<> Identify::merge(ByteView message) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 1: public_key = Bytes::copy_of(in.bytes()); break;
      case 2: {
        Result<Multiaddr> address = Multiaddr::from_bytes(in.bytes());
        if (address && listen_addresses.size() < kMaxAddresses) listen_addresses.push_back(std::move(*address));
        break;
      }
      case 3: {
        const std::string_view protocol = in.text();
        in.expect(protocols.size() < kMaxProtocols, "at most 1024 protocols");
        if (in.ok() && is_protocol_id(protocol)) protocols.emplace_back(protocol);
        break;
      }
      case 4:
        if (Result<Multiaddr> address = Multiaddr::from_bytes(in.bytes())) observed_address = std::move(*address);
        break;
      case 5: protocol_version = std::string(in.text().substr(0, kMaxProtocolIdBytes)); break;
      case 6: agent_version = std::string(in.text().substr(0, kMaxProtocolIdBytes)); break;
      case 8: signed_peer_record = Bytes::copy_of(in.bytes()); break;
      default: break;
    }
  }
  return in.finish("identify");
}

}  // namespace ghostnet::libp2p
