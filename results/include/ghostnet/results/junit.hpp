// JUnit XML, as continuous-integration servers read it: a test suite for each run, a test case for each expectation. A
// run without expectations, or one that broke off, is one test case called `run`.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace ghostnet::results {

// Documents as of `ghostnet run --json` or run_document().
std::string junit_xml(std::span<const nlohmann::json> documents);

// Text for an attribute or the content of an element; characters that XML 1.0 cannot hold become U+FFFD.
std::string xml_escaped(std::string_view text);

}  // namespace ghostnet::results
