// What may stand in a scenario, for people and for editors: the reference page and the JSON Schema. Both are made from
// the tables by which the loader checks a file, and from what the registry's services say of themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/registry.hpp"

namespace ghostnet::scenarios {

struct KeySection {
  std::string_view path;  // "groups.NAME", "workload[].OPERATION"; empty: the file itself
  std::string_view help;
  const OptionTable* options;
};

// The sections that a file may have, beside keys of its own.
inline constexpr std::string_view kFileSections[] = {"network", "tcp",    "ns3",    "regions",   "latencies",
                                                     "routers", "links",  "groups", "protocols", "workload",
                                                     "faults",  "expect", "sweep",  "record"};

// Where a key belongs that was written at another path: "at the top of the file", "in network"; nothing where no such
// place is known.
std::string place_of_key(std::string_view key, std::string_view path);

// In the order of a file. Faults have one for their time and one for each kind.
std::vector<KeySection> key_sections();

// JSON Schema (draft 2020-12), which accepts whatever the loader may accept: what concerns several keys, and names of
// groups and metrics, only the loader knows.
std::string json_schema(const ServiceRegistry& registry);

// Markdown.
std::string reference_page(const ServiceRegistry& registry);

}  // namespace ghostnet::scenarios
