// Attribute overrides: "ns3::TcpL4Protocol::SocketType" = "ns3::TcpCubic", as ns-3's users write them.
//
// ns-3 ends the process when a name or a value is wrong. Here everything is checked first, against ns-3's own register
// of types, and what is wrong is an Error that names what would have been right. Values that ns-3 cannot parse without
// risk (pointers to objects, free text with a grammar of its own) are refused as not_supported.
//
// Overrides are defaults of the process, as in ns-3, and hold for what is created after them until reset_attributes().
#pragma once

#include <string>
#include <vector>

#include "ghostnet/runtime/result.hpp"

namespace ghostnet::sim {

struct Ns3Attribute {
  std::string name;   // type and attribute: "ns3::TcpSocket::SegmentSize"
  std::string value;  // as ns-3 writes it: "1448", "50Mbps", "200ms", "ns3::TcpCubic", "100p", "true"
};

// Checks all, then sets all, so that nothing is set when one is wrong.
// Errors: not_found (type or attribute), invalid_argument (value), not_supported (kind of attribute).
Result<> set_attributes(const std::vector<Ns3Attribute>& attributes);

// Every attribute back to what ns-3 was built with; its seed and run number too.
void reset_attributes();

// That `name` is a type of ns-3 that can be created and derives from `base`; for names of models in options.
Result<> check_type(const std::string& name, const std::string& base);

// That `text` is a length of a queue: "100p", "64KiB".
Result<> check_queue_size(const std::string& text);

}  // namespace ghostnet::sim
