// What a file is, by its first bytes, for who took it for a results database.
#pragma once

#include <string>
#include <string_view>

namespace ghostnet::results {

// "a text file", "an HTML page", "a packet trace (pcapng)"; "of another kind" where it is none of the known, or cannot
// be read.
std::string_view kind_of_file(const std::string& path);

}  // namespace ghostnet::results
