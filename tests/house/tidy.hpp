// What a reader of the source text can see: names that protocols may not use, and what no file of the tree may hold.
//
//   clock, random, libm         forbidden in protocols/ and sim/: time and chance come from the Host, and libm's
//   results
//                               differ with the processor
//   thread, file, environment   forbidden in protocols/
//   parent-path                 a quoted include with .. in it
//   long-file                   a source over 600 lines that tests/house/long_files.txt gives no reason for
//   machine-path                a path of the machine that a file was written on
//   registry-host               a host that serves packages
//
// Comments and literals are not judged, except for the last two laws. A line that must break a law says why, in
// a comment at its end or alone before it:  // tidy: allow clock, certificates need the date
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "floors.hpp"

namespace ghostnet::house {

// Breaches in one file, whose path is relative to the tree. Files under tests/house/planted/ are judged as if that were
// the tree. `long_files` are those that may be long.
std::vector<Finding> judge_text(std::string_view path, std::string_view text,
                                const std::set<std::string, std::less<>>& long_files);

// The source with every comment and every character of a literal blanked, line by line in its old place.
std::string without_comments_and_literals(std::string_view text);

// The names of all laws above.
std::vector<std::string> tidy_laws();

}  // namespace ghostnet::house
